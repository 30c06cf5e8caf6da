package dev.penstock.ingress.submit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.threads.LoopThread;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When requests go together. Time stands still unless a test moves it. */
class GatheringTest {
    private static final long LONGEST = Gathering.LONGEST.toNanos();

    private int calls = 100;
    private long now = 5;
    private int wakes;
    private final List<Integer> sent = new ArrayList<>();
    private final Gathering gathering =
            new Gathering(() -> calls, () -> now, () -> wakes++, (many, sends) -> sends.run());

    @Test
    void nothingIsHeldBackWhileFewCallsWait() {
        calls = Gathering.MANY - 1;
        add(1);
        add(2);
        assertThat(sent).containsExactly(1, 2);
        assertThat(wakes).isZero();
    }

    @ParameterizedTest
    @CsvSource({"8, 6", "10, 7", "16, 12", "20, 15", "22, 16", "32, 16", "33, 17", "100, 50"})
    void aGroupGoesOnceItHasHalfOfTheCallsOrSixteen(int waiting, int enough) {
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
        now += Gathering.FORGOTTEN.toNanos();
        add(61);
        assertThat(sent).isEmpty();
    }

    @Test
    void aCallLongAfterTheLoadGoesAtOnce() {
        goOnWithTwentyCalls();
        calls = 1;
        now += Gathering.FORGOTTEN.toNanos() + 1;
        add(61);
        assertThat(sent).containsExactly(61);
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
        calls = 8;
        List.of(1, 2, 3, 4, 5, 6).forEach(this::add);
        now += 1000;
        add(7);
        assertThat(gathering.step(now)).isEqualTo(LONGEST);
        assertThat(sent).doesNotContain(7);
    }

    @Test
    void callsThatWaitForLongHoldBackNoFewOthers() {
        add(1);
        now += LONGEST;
        gathering.step(now);
        add(2);
        assertThat(sent).as("the first has waited for nothing").containsExactly(1, 2);
        now += Gathering.PAUSE.toNanos() - 1;
        add(3);
        assertThat(sent).hasSize(3);
        now++;
        add(4);
        assertThat(sent).as("another try").hasSize(3);
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
