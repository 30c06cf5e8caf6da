package dev.penstock.model.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class LearnedBucketsProperties {
    private static final int ENOUGH = 20_000;

    @Property
    void hasALadderThatEndsAtTheLargestAndGrowsByHalfAtMost(@ForAll @IntRange(min = 1, max = 1 << 20) int largest) {
        List<Integer> ladder = LearnedBuckets.ladder(largest);
        assertThat(ladder.getLast()).isEqualTo(largest);
        assertThat(ladder).hasSizeLessThan(40);
        for (int i = 1; i < ladder.size(); i++) {
            assertThat(ladder.get(i)).isGreaterThan(ladder.get(i - 1)).isLessThanOrEqualTo(ladder.get(i - 1) * 3 / 2);
        }
    }

    /** For any traffic: rows fit, padded sizes are in the ladder, padding is at most twofold, and equal streams get equal results. */
    @Property(tries = 200)
    void padsToTheLadderAndNeverToMoreThanTwiceWhatFits(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 600) int largest) {
        Random random = new Random(seed);
        List<Integer> ladder = LearnedBuckets.ladder(largest);
        LearnedBuckets sizes = new LearnedBuckets(ladder);
        LearnedBuckets same = new LearnedBuckets(ladder);
        int usual = 1 + random.nextInt(largest);
        for (int i = 0; i < 3000; i++) {
            int size = random.nextInt(10) == 0 ? 1 + random.nextInt(largest + 10) : usual;
            int rows = 1 + random.nextInt(8);
            long padded = sizes.pad(size, rows);
            assertThat(same.pad(size, rows)).isEqualTo(padded);
            if (size > largest) {
                assertThat(padded).isEqualTo(size);
            } else {
                assertThat(padded).isGreaterThanOrEqualTo(size).isLessThanOrEqualTo(2L * own(ladder, size));
                assertThat(ladder).contains((int) padded);
            }
        }
    }

    /** Merging costs at most the queues that it saves: with every size in use, the same sum includes the price of all queues. */
    @Property(tries = 50)
    void costsNoMoreThanTheQueuesThatItSaves(@ForAll long seed) {
        Random random = new Random(seed);
        List<Integer> ladder = LearnedBuckets.ladder(512);
        LearnedBuckets sizes = new LearnedBuckets(ladder);
        double mean = 5 + random.nextInt(100);
        long exact = 0;
        long padded = 0;
        for (int i = 0; i < 2 * ENOUGH; i++) {
            int size = (int) Math.min(512, 1 - mean * Math.log(1 - random.nextDouble()));
            long answer = sizes.pad(size, 1);
            exact += i < ENOUGH ? 0 : own(ladder, size);
            padded += i < ENOUGH ? 0 : answer;
        }
        assertThat(padded / (double) exact).isLessThan(1 + ladder.size() / 64.0 + 0.01);
    }

    @Example
    void padsAFewShorterRowsToTheCommonSize() {
        LearnedBuckets sizes = new LearnedBuckets(LearnedBuckets.ladder(512));
        assertThat(sizes.pad(16, 1)).isEqualTo(16);
        learn(sizes, 16, 24, 3);
        assertThat(sizes.pad(16, 1)).isEqualTo(24);
        assertThat(sizes.pad(24, 1)).isEqualTo(24);
    }

    @Example
    void givesManyShorterRowsASizeOfTheirOwnAgain() {
        LearnedBuckets sizes = new LearnedBuckets(LearnedBuckets.ladder(512));
        learn(sizes, 16, 24, 3);
        learn(sizes, 16, 24, 50);
        assertThat(sizes.pad(16, 1)).isEqualTo(16);
    }

    @Example
    void doesNotMakeAFewRowsFourTimesAsLong() {
        LearnedBuckets sizes = new LearnedBuckets(LearnedBuckets.ladder(512));
        learn(sizes, 100, 512, 1);
        assertThat(sizes.pad(100, 1)).isEqualTo(128);
    }

    /** {@code percent} of the rows are short. */
    private static void learn(LearnedBuckets sizes, int shorter, int longer, int percent) {
        for (int i = 0; i < ENOUGH; i++) {
            sizes.pad(i % 100 < percent ? shorter : longer, 1);
        }
    }

    private static int own(List<Integer> ladder, int size) {
        return ladder.stream().filter(rung -> rung >= size).findFirst().orElseThrow();
    }
}
