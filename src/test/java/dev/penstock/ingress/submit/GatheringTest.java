package dev.penstock.ingress.submit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.threads.LoopThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When requests go together. Time stands still unless a test moves it. */
class GatheringTest {
    private static final Duration LINGER = Duration.ofMillis(6);
    private static final long LONGEST = LINGER.toNanos();
    private static final long FORGOTTEN = LONGEST + Gathering.FORGOTTEN.toNanos();

    private int calls = 100;
    private long now = 5;
    private int wakes;
    private final List<Integer> sent = new ArrayList<>();
    private final Gathering gathering = withLinger(LINGER);

    @Test
    void aLoneCallIsNotHeldBack() {
        calls = 1;
        add(1);
        add(2);
        assertThat(sent).containsExactly(1, 2);
        assertThat(wakes).isZero();
    }

    @Test
    void withoutALingerNothingIsHeldBack() {
        Gathering without = withLinger(Duration.ZERO);
        without.add(() -> sent.add(1));
        assertThat(sent).containsExactly(1);
        assertThat(wakes).isZero();
    }

    @ParameterizedTest
    @CsvSource({"2, 2", "8, 8", "32, 32", "33, 32", "64, 32", "65, 33", "100, 50"})
    void aGroupGoesOnceItHasAllCallsOrHalfOfMany(int waiting, int enough) {
        calls = waiting;
        for (int i = 1; i < enough; i++) {
            add(i);
        }
        assertThat(sent).isEmpty();
        add(enough);
        assertThat(sent).hasSize(enough);
        add(enough + 1);
        assertThat(sent).as("the next group").hasSize(enough);
    }

    /** As when the replies of a group have just come, of a load that goes on. */
    @Test
    void fewCallsOfAMomentAreNoReasonToHoldNothingBack() {
        goOnWithTwentyCalls();
        calls = 3;
        now += FORGOTTEN;
        add(61);
        assertThat(sent).isEmpty();
    }

    @Test
    void aCallLongAfterTheLoadGoesAtOnce() {
        goOnWithTwentyCalls();
        calls = 1;
        now += FORGOTTEN + 1;
        add(61);
        assertThat(sent).containsExactly(61);
    }

    /** While the replies of a group arrive, each next call finds one more that waits. */
    @Test
    void whatIsUsualIsTheMostThatWait() {
        for (int group = 1; group <= 10; group++) {
            for (int i = 1; i <= 16; i++) {
                calls = group == 1 ? 16 : i;
                assertThat(sent).hasSize((group - 1) * 16);
                add(i);
            }
        }
        assertThat(sent).hasSize(160);
    }

    @Test
    void whatIsUsualFallsWithTheLoad() {
        goOnWithTwentyCalls();
        calls = 4;
        int late = 0;
        while (!goesAtOnce(List.of(1, 2, 3, 4))) {
            assertThat(++late).isLessThan(100);
            now += LONGEST;
            gathering.step(now);
        }
        assertThat(late).isGreaterThan(10);
    }

    @ParameterizedTest
    @CsvSource({"2, 500", "8, 2000", "20, 5000", "24, 6000", "100, 6000"})
    void fewCallsAreHeldBackForLess(int waiting, long micros) {
        calls = waiting;
        add(1);
        assertThat(gathering.step(now)).isEqualTo(micros * 1000);
        now += micros * 1000 - 1;
        assertThat(gathering.step(now)).isEqualTo(1);
        now++;
        gathering.step(now);
        assertThat(sent).containsExactly(1);
    }

    @Test
    void aGroupGoesWhenItsFirstHasWaitedLongEnough() {
        add(1);
        now += 1000;
        add(2);
        assertThat(gathering.step(now)).isEqualTo(LONGEST - 1000);
        assertThat(sent).isEmpty();
        now += LONGEST - 1000;
        assertThat(gathering.step(now)).isPositive();
        assertThat(sent).containsExactly(1, 2);
    }

    @Test
    void theNextGroupHasAllOfItsTime() {
        calls = 4;
        List.of(1, 2, 3, 4).forEach(this::add);
        now += 1000;
        add(5);
        assertThat(gathering.step(now)).isEqualTo(4 * Gathering.FOR_EACH.toNanos());
        assertThat(sent).doesNotContain(5);
    }

    @Test
    void aGroupWithLessTimeThanTheLastWakesTheThread() {
        calls = 8;
        add(1);
        now += 8 * Gathering.FOR_EACH.toNanos();
        assertThat(gathering.step(now)).isEqualTo(LONGEST);
        add(2);
        assertThat(wakes).isEqualTo(2);
    }

    @Test
    void callsThatWaitForLongHoldBackNoFewOthers() {
        waitInVain(1);
        waitInVain(2);
        add(3);
        assertThat(sent).as("two groups have waited for nothing").containsExactly(1, 2, 3);
        now += Gathering.PAUSE.toNanos() - 1;
        add(4);
        assertThat(sent).hasSize(4);
        now++;
        add(5);
        assertThat(sent).as("another try").hasSize(4);
    }

    /** One that a group has left over waits until the replies of that group come, and more calls with them. */
    @Test
    void aGroupInVainBetweenOthersHoldsUpNone() {
        calls = 8;
        List.of(1, 2, 3, 4, 5, 6, 7, 8).forEach(this::add);
        waitInVain(9);
        List.of(10, 11, 12, 13, 14, 15, 16, 17).forEach(this::add);
        waitInVain(18);
        add(19);
        assertThat(sent).hasSize(18);
    }

    @Test
    void theThreadSleepsWhileNothingComesAndIsWokenOnceForManyGroups() {
        List.of(1, 1, 2, 2).forEach(this::add);
        assertThat(wakes).isEqualTo(1);
        now += LONGEST;
        gathering.step(now);
        List.of(3, 3, 3, 3).forEach(this::add);
        assertThat(wakes).as("it steps again by itself").isEqualTo(1);
        now += LONGEST;
        gathering.step(now);
        assertThat(gathering.step(now)).isEqualTo(LoopThread.UNTIL_WOKEN);
        add(4);
        assertThat(wakes).isEqualTo(2);
    }

    @Test
    void whatIsHeldBackGoesAtTheEnd() {
        add(1);
        gathering.close();
        assertThat(sent).containsExactly(1);
        add(2);
        assertThat(sent).as("nobody steps any more").containsExactly(1, 2);
    }

    private Gathering withLinger(Duration linger) {
        return new Gathering(linger, () -> calls, () -> now, () -> wakes++, (many, sends) -> sends.run());
    }

    private void waitInVain(int number) {
        add(number);
        assertThat(sent).doesNotContain(number);
        now += LONGEST;
        gathering.step(now);
        assertThat(sent).contains(number);
    }

    private boolean goesAtOnce(List<Integer> group) {
        sent.clear();
        group.forEach(this::add);
        return sent.size() == group.size();
    }

    private void goOnWithTwentyCalls() {
        calls = 20;
        for (int i = 1; i <= 60; i++) {
            add(i);
        }
        sent.clear();
    }

    private void add(int number) {
        gathering.add(() -> sent.add(number));
    }
}
