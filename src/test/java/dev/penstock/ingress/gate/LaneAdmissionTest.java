package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.ingress.gate.AdmissionSimulation.Second;
import dev.penstock.ingress.gate.AdmissionSimulation.Setting;
import dev.penstock.ingress.gate.LaneAdmission.Lag;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaneAdmissionTest {
    private static final long SECOND = 1_000_000_000L;
    private static final double CAPACITY = 1000;

    private final LaneAdmission admission = new LaneAdmission(1);

    @Test
    void admitsRequestsBeforeItKnowsAnything() {
        assertThat(admission.admit(0, SECOND, Long.MAX_VALUE)).isEmpty();
    }

    @Test
    void refusesARequestThatWouldMissItsDeadlineAndSaysWhenToRetry() {
        learnTenSecondsOfWork();

        assertThat(admission.admit(0, 22 * SECOND, Long.MAX_VALUE)).isEmpty();
        Optional<LaneAdmission.Overload> refused = admission.admit(0, 6 * SECOND, Long.MAX_VALUE);

        assertThat(refused).isPresent();
        assertThat(refused.get().predictedWaitNanos()).isBetween(10 * SECOND, 11 * SECOND);
        assertThat(refused.get().retryAfterSeconds())
                .isEqualTo(9); // when the wait is down to half of the three seconds that fit
    }

    @Test
    void refusesNothingWithoutABacklog() {
        for (int second = 0; second < 10; second++) {
            observed(second * SECOND, lag(50L * second + 3, 50L * second));
            for (int call = 0; call < 1000; call++) {
                assertThat(admission.admit(second * SECOND, SECOND, SECOND)).isEmpty();
            }
        }
    }

    @Test
    void learnsThatWorkersHaveBecomeFaster() {
        learnTenSecondsOfWork();
        observed(SECOND, lag(3000, 3000));
        observed(2 * SECOND, lag(6000, 6000));
        for (int call = 0; call < 1000; call++) {
            assertThat(admission.admit(2 * SECOND, SECOND, SECOND)).isEmpty();
        }
    }

    /** For example, a few requests wait for a cache that is down. Nothing behind them is committed, however fast it is answered. */
    @Test
    void doesNotMistakeAPauseOfCommitsForSlowWorkers() {
        learnTenSecondsOfWork();
        for (int quarter = 4; quarter <= 20; quarter++) {
            observed(quarter * SECOND / 4, lag(1110 + 500L * quarter, 1000 + 500L * quarter));
        }
        observed(21 * SECOND / 4, lag(11_610, 11_020));

        assertThat(admission.admit(21 * SECOND / 4, 30 * SECOND, 5 * SECOND)).isEmpty();
    }

    /** A load begins, and a commit comes just then: it has only the first of what workers run in that time. */
    @Test
    void believesNoFirstSpeedThatOneCommitShows() {
        observed(0, lag(256, 0));
        observed(SECOND / 10, lag(268, 12));
        for (int call = 0; call < 1000; call++) {
            assertThat(admission.admit(SECOND / 10, 10 * SECOND, 5 * SECOND)).isEmpty();
        }
    }

    @Test
    void learnsNoLowSpeedWhilePartitionsMoveBetweenWorkers() {
        learn(2000);
        admission.readersChanged(SECOND);
        stall(SECOND);
        assertThat(admission.admit(3 * SECOND, 30 * SECOND, 5 * SECOND)).isEmpty();
    }

    @Test
    void learnsALowSpeedOfWorkersThatHaveSettled() {
        learn(2000);
        admission.readersChanged(-20 * SECOND);
        stall(SECOND);
        assertThat(admission.admit(3 * SECOND, 30 * SECOND, 5 * SECOND)).isPresent();
    }

    @Test
    void readersThatNeverSettleCannotHideForLongThatWorkersAreSlow() {
        learn(2000);
        int end = 1000;
        for (int look = 0; look <= 60; look++) {
            admission.readersChanged(SECOND + look * SECOND / 4);
            end += 125;
            observed(SECOND + look * SECOND / 4, lag(4000 + end, 4000 + 25L * look));
        }
        assertThat(admission.admit(16 * SECOND, 30 * SECOND, 5 * SECOND)).isPresent();
    }

    /** Workers that run so many requests a second. */
    private void learn(int rate) {
        observed(-SECOND, lag(rate + 1000, rate));
        observed(0, lag(2 * rate + 1000, 2L * rate));
        observed(SECOND, lag(4000, 4000));
    }

    /** 500 requests arrive in a second, and 100 are run, for two seconds. */
    private void stall(long from) {
        for (int quarter = 1; quarter <= 8; quarter++) {
            observed(from + quarter * SECOND / 4, lag(4000 + 125L * quarter, 4000 + 25L * quarter));
        }
    }

    @Test
    void refusesACallerThatWouldWaitTooLongHoweverLateItsDeadline() {
        learnTenSecondsOfWork();
        assertThat(admission.admit(0, 3600 * SECOND, 5 * SECOND)).isPresent();
    }

    @Test
    void expectsAnOutageToLastAsLongAsItHasLasted() {
        for (int second = 0; second <= 20; second++) {
            observed(second * SECOND, lag(10, 0));
        }
        assertThat(admission.predictedWaitNanos(20 * SECOND)).isGreaterThanOrEqualTo(20 * SECOND);
        observed(21 * SECOND, lag(10, 10));
        assertThat(admission.predictedWaitNanos(21 * SECOND)).isZero();
    }

    /** Half of the commit interval on average: at 100 requests per second, 5 of them with 100 ms and 100 with 2 s. */
    @Test
    void doesNotCountWhatIsAnsweredAndNotYetCommitted() {
        learnTenSecondsOfWork();
        long defaultInterval = admission.predictedWaitNanos(0);
        admission.commitInterval(100);
        assertThat(admission.predictedWaitNanos(0)).isEqualTo(defaultInterval);

        admission.commitInterval(2000);

        assertThat(defaultInterval - admission.predictedWaitNanos(0)).isCloseTo(950_000_000L, within(1000L));
    }

    @Test
    void expectsAWaitWhenThereIsNoWorker() {
        admission.hasWorkers(0, false);
        assertThat(admission.admit(0, 30 * SECOND, 4 * SECOND))
                .hasValueSatisfying(refused -> assertThat(refused.cause()).isEqualTo(LaneAdmission.Cause.NO_WORKER));
        assertThat(admission.admit(0, 600 * SECOND, Long.MAX_VALUE)).isEmpty();
        admission.hasWorkers(SECOND, true);
        assertThat(admission.admit(SECOND, 30 * SECOND, 4 * SECOND)).isEmpty();
    }

    @Test
    void saysThatWorkersAreAtAStandstill() {
        for (int look = 0; look <= 10; look++) {
            observed(look * SECOND, lag(10, 0));
        }
        assertThat(admission.admit(10 * SECOND, 10 * SECOND, 5 * SECOND))
                .hasValueSatisfying(refused -> assertThat(refused.cause()).isEqualTo(LaneAdmission.Cause.STANDSTILL));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "5,5", "50,50", "50,2"})
    void refusesNothingBelowCapacity(int ingresses, int hot) {
        List<Second> seconds = new AdmissionSimulation(setting(ingresses, hot, 0.9, 1, 0, false)).run(60);
        // In the first half second, before the lag is known, each ingress assumes an equal share.
        assertThat(total(seconds, hot < ingresses ? 1 : 0, second -> second.refused))
                .isZero();
    }

    /** The workers' speed is learned in the first seconds. */
    @ParameterizedTest
    @CsvSource({
        "1,1,2,0",
        "1,1,10,0",
        "5,5,2,0",
        "5,5,10,0",
        "50,50,2,0",
        "50,50,10,0",
        "50,2,2,0",
        "10,10,2,200",
        "10,10,10,200"
    })
    void keepsWorkersBusyAndAdmittedRequestsInTimeUnderOverload(int ingresses, int hot, double load, int staleMillis) {
        int seconds = 60;
        int settled = 20;
        List<Second> run = new AdmissionSimulation(setting(ingresses, hot, load, 2, staleMillis, false)).run(seconds);

        double served = total(run, settled, second -> second.served) / (seconds - settled);
        double late = total(run, settled, second -> second.servedLate) / total(run, settled, second -> second.served);
        double longest = run.subList(settled, seconds).stream()
                .mapToDouble(second -> second.longestWaitSeconds)
                .max()
                .orElseThrow();
        double shortest = run.subList(settled, seconds).stream()
                .mapToDouble(second -> second.shortestWaitSeconds)
                .min()
                .orElseThrow();

        assertThat(served).as("served per second").isGreaterThan(0.97 * CAPACITY);
        assertThat(late).as("late").isLessThan(0.01);
        assertThat(longest).as("longest wait, s").isLessThan(2 / LaneAdmission.CAUTION * 1.1);
        assertThat(shortest).as("shortest wait, s").isGreaterThan(0.5);
    }

    @Test
    void isBackToNormalWithinFiveSecondsOfTheEndOfABurst() {
        Setting burst = new Setting(CAPACITY, t -> t < 20 ? 10 * CAPACITY : 0.5 * CAPACITY, 5, 5, 2, 0, false, 7);
        List<Second> run = new AdmissionSimulation(burst).run(40);
        assertThat(total(run, 25, second -> second.refused)).isZero();
        assertThat(run.get(25).longestWaitSeconds).isLessThan(0.1);
    }

    @ParameterizedTest
    @CsvSource({"2", "10"})
    void answersMostInTimeWithUnsteadyWorkers(double load) {
        int seeds = 5;
        double inTime = 0;
        double late = 0;
        for (long seed = 1; seed <= seeds; seed++) {
            Setting unsteady = new Setting(CAPACITY, 0.3, t -> load * CAPACITY, 1, 1, 1, 60, false, false, seed);
            List<Second> run = new AdmissionSimulation(unsteady).run(60).subList(15, 60);
            late += total(run, 0, second -> second.servedLate);
            inTime += total(run, 0, second -> second.served - second.servedLate);
        }
        assertThat(inTime / (45 * seeds * CAPACITY)).isGreaterThan(0.9);
        assertThat(late / inTime).isLessThan(0.15);
    }

    @Test
    void aFewRequestsGivenUpByChanceDoNotMakeIdleWorkersSlow() {
        for (int look = 0; look <= 8; look++) {
            observed(look * SECOND / 4, new Lag(2L * look, 2L * look, new LaneWork(look, look, Map.of()), 1));
        }
        for (int call = 0; call < 100; call++) {
            assertThat(admission.admit(2 * SECOND, 30 * SECOND, 5 * SECOND)).isEmpty();
        }
    }

    /** Requests that are given up leave the log fast. If that counted as speed, all would be admitted and half would be given up. */
    @ParameterizedTest
    @CsvSource({"1,0.2,2", "1,0.2,10", "1,0.5,2", "1,0.5,10", "1,1,2", "5,0.2,2", "5,0.2,10", "5,0.5,2", "50,0.5,2"})
    void doesNotMistakeGivenUpRequestsForSpeed(int ingresses, double deadline, double load) {
        Setting hurried =
                new Setting(CAPACITY, 0, t -> load * CAPACITY, ingresses, ingresses, deadline, 60, false, true, 3);
        List<Second> run = new AdmissionSimulation(hurried).run(65).subList(5, 65);
        assertThat(total(run, 0, second -> second.served) / 60)
                .as("served per second")
                .isGreaterThan(0.95 * CAPACITY);
        assertThat(total(run, 0, second -> second.givenUp) / 60)
                .as("given up per second")
                .isLessThan(0.03 * CAPACITY);
    }

    @ParameterizedTest
    @CsvSource({"1", "5", "20"})
    void admitsRetriesThatComeWhenAdvised(int ingresses) {
        Setting burst =
                new Setting(CAPACITY, t -> t < 2 ? 8 * CAPACITY : 0.1 * CAPACITY, ingresses, ingresses, 2, 0, true, 11);
        List<Second> run = new AdmissionSimulation(burst).run(70);
        double cameBack = total(run, 0, second -> second.cameBack);
        assertThat(cameBack).isGreaterThan(8 * CAPACITY);
        assertThat(total(run, 0, second -> second.cameBackAdmitted) / cameBack).isGreaterThanOrEqualTo(0.95);
    }

    /** At 100 requests per second, with some that are about to be committed. */
    private void learnTenSecondsOfWork() {
        observed(-SECOND, lag(1100, 0));
        observed(0, lag(1110, 100));
    }

    /** The lag of workers that run all that they commit. */
    private static Lag lag(long end, long committed) {
        return new Lag(end, committed, new LaneWork(committed, 0, Map.of()), 1);
    }

    private void observed(long now, Lag lag) {
        admission.asking(now);
        admission.observed(lag);
    }

    private static Setting setting(
            int ingresses, int hot, double load, double deadline, int staleMillis, boolean back) {
        return new Setting(CAPACITY, t -> load * CAPACITY, ingresses, hot, deadline, staleMillis, back, 42);
    }

    private static double total(List<Second> seconds, int from, ToIntFunction<Second> count) {
        return seconds.subList(from, seconds.size()).stream().mapToInt(count).sum();
    }
}
