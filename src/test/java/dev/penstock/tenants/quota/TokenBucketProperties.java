package dev.penstock.tenants.quota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class TokenBucketProperties {
    private static final double SECOND = 1e9;

    /** Clocks start anywhere, including the end of the long range. */
    @Property
    void neverLetsGoMoreThanTheBurstAndTheRateOverAnyTime(
            @ForAll @DoubleRange(min = 0.01, max = 1e6) double rate,
            @ForAll @LongRange(min = 1, max = 1000) long burst,
            @ForAll long start,
            @ForAll long seed) {
        Random random = new Random(seed);
        TokenBucket bucket = new TokenBucket(rate, burst, start);
        List<long[]> let = new ArrayList<>();
        long elapsed = 0;
        for (int i = 0; i < 200; i++) {
            elapsed += (long) (random.nextDouble() * 2 * SECOND / rate * (random.nextInt(20) == 0 ? burst : 1));
            long tokens = 1 + random.nextLong(burst);
            if (bucket.waitNanos(tokens, start + elapsed) == 0) {
                bucket.take(tokens, start + elapsed);
                let.add(new long[] {elapsed, tokens});
            }
        }
        for (int from = 0; from < let.size(); from++) {
            long sum = 0;
            for (int to = from; to < let.size(); to++) {
                sum += let.get(to)[1];
                double most = burst + (let.get(to)[0] - let.get(from)[0]) / SECOND * rate;
                assertThat((double) sum).isLessThanOrEqualTo(most + 1e-6 * most);
            }
        }
    }

    @Property
    void alwaysLetsGoWhatComesNoFasterThanTheRate(
            @ForAll @DoubleRange(min = 0.01, max = 1e6) double rate,
            @ForAll @LongRange(min = 1, max = 100) long tokens,
            @ForAll @LongRange(min = 0, max = 100) long more,
            @ForAll long seed) {
        Random random = new Random(seed);
        TokenBucket bucket = new TokenBucket(rate, tokens + more, 0);
        long now = 0;
        for (int i = 0; i < 500; i++) {
            assertThat(bucket.waitNanos(tokens, now)).isZero();
            bucket.take(tokens, now);
            now += (long) Math.ceil(tokens * (SECOND / rate)) + random.nextInt(3);
        }
    }

    @Property
    void whoComesBackAfterTheWaitIsLetGoAndNotBefore(
            @ForAll @DoubleRange(min = 0.01, max = 1e6) double rate,
            @ForAll @LongRange(min = 1, max = 1000) long burst,
            @ForAll @LongRange(min = 0, max = 5000) long taken,
            @ForAll @LongRange(min = 1, max = 5000) long tokens) {
        TokenBucket bucket = new TokenBucket(rate, burst, 0);
        bucket.take(taken, 0);
        long wait = bucket.waitNanos(tokens, 0);
        assertThat(bucket.waitNanos(tokens, wait)).isZero();
        if (wait > 0) {
            assertThat(bucket.waitNanos(tokens, wait - 1)).isPositive();
        }
    }

    @Property
    void whatIsLeftCanBeTaken(
            @ForAll @DoubleRange(min = 0.01, max = 1e6) double rate,
            @ForAll @LongRange(min = 1, max = 1000) long burst,
            @ForAll @LongRange(min = 0, max = 1000) long taken) {
        TokenBucket bucket = new TokenBucket(rate, burst, 0);
        bucket.take(taken, 0);
        long left = bucket.left(0);
        assertThat((double) left).isCloseTo((double) Math.max(0, burst - taken), within(1.0));
        if (left > 0) {
            assertThat(bucket.waitNanos(left, 0)).isLessThanOrEqualTo(1);
        }
    }

    @Example
    void aRequestAboveTheBurstLeavesADebt() {
        TokenBucket bucket = new TokenBucket(10, 5, 0);
        assertThat(bucket.waitNanos(20, 0)).isZero();
        bucket.take(20, 0);
        assertThat(bucket.waitNanos(1, 0)).isEqualTo((long) (1.6 * SECOND));
    }

    @Example
    void aRequestTakesFromBothBucketsOrWaitsForTheSlowerOne() {
        Quota quota = new Quota(10, 10, 100, 100);
        QuotaBuckets buckets = new QuotaBuckets(quota, 1, 0);
        buckets.take(80, 0);
        assertThat(buckets.left(0)).isEqualTo(new RemainingQuota(9, 20));
        assertThat(buckets.waitNanos(1, 50, 0)).isEqualTo((long) (0.3 * SECOND));
        assertThat(buckets.limiting(50, 0)).isEqualTo(QuotaLimit.ROWS);
        for (int i = 0; i < 9; i++) {
            buckets.take(1, 0);
        }
        assertThat(buckets.limiting(1, 0)).isEqualTo(QuotaLimit.REQUESTS);
    }

    /** Holds even for a burst of less than one second's tokens. */
    @Property(tries = 200)
    void thoseWhoComeBackWhenToldAreAdmitted(
            @ForAll @DoubleRange(min = 0.2, max = 500) double rate,
            @ForAll @LongRange(min = 1, max = 500) long burst,
            @ForAll @IntRange(min = 1, max = 300) int callers,
            @ForAll long seed) {
        Random random = new Random(seed);
        Quota quota = new Quota(rate, burst, 1e6, 1_000_000);
        QuotaBuckets buckets = new QuotaBuckets(quota, 1, 0);
        RetryAfterSchedule places = new RetryAfterSchedule(quota);
        for (long i = 0; i < burst; i++) {
            buckets.take(1, 0);
        }
        PriorityQueue<Long> back = new PriorityQueue<>();
        long now = 0;
        for (int i = 0; i < callers; i++) {
            now += random.nextInt(1_000_000);
            long wait = buckets.waitNanos(1, 1, now);
            if (wait == 0) {
                continue; // would be admitted, and take the tokens promised to scheduled retries
            }
            int seconds = places.next(1, wait, 1, now);
            if (seconds < RetryAfterSchedule.MOST_SECONDS) {
                back.add(now + seconds * (long) SECOND);
            }
        }
        while (!back.isEmpty()) {
            long at = back.remove();
            assertThat(buckets.waitNanos(1, 1, at)).isZero();
            buckets.take(1, at);
        }
    }
}
