package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.CheckedCalls;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.messages.Announcement;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.ScaleToZero;
import dev.penstock.protocol.Signature;
import dev.penstock.tenants.Tenant;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class AdmissionControlTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final AdmissionControl admission = admission(new Catalogue(1, () -> 0), () -> 0);

    @Test
    void refusesACallThatWaitedToBeReadForHalfOfItsTimeout() {
        admission.admit(call(Duration.ofMillis(110), Duration.ofMillis(90)));
        assertThatThrownBy(() -> admission.admit(call(Duration.ofMillis(90), Duration.ofMillis(110))))
                .isInstanceOfSatisfying(ProblemException.class, refusal -> {
                    assertThat(refusal.problem().is(Problem.Kind.CAPACITY)).isTrue();
                    assertThat(refusal.problem().detail())
                            .contains("0.1 s after they arrive", "may wait 0.1 s for that");
                    assertThat(refusal.retryAfterSeconds()).hasValue(1);
                });
        assertThat(registry.get("inference.rejected")
                        .tags("model", "m", "reason", "ingress")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void refusesAllCallsWhileItReadsThemMoreThanASecondLate() {
        admission.admit(call(Duration.ofSeconds(29), Duration.ofMillis(990)));

        assertThatThrownBy(() -> admission.admit(call(Duration.ofSeconds(29), Duration.ofMillis(1_010))))
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        refusal -> assertThat(refusal.problem().detail())
                                .contains("1.0 s after they arrive", "may wait 1.0 s for that"));
    }

    @Test
    void releasesThePlaceOfARequestThatItDoesNotAdmit() {
        AtomicInteger released = new AtomicInteger();
        admission.admit(call(Duration.ofMillis(110), Duration.ofMillis(90)), released::incrementAndGet);
        assertThat(released).hasValue(0);
        CheckedCall late = call(Duration.ofMillis(90), Duration.ofMillis(110));
        assertThatThrownBy(() -> admission.admit(late, released::incrementAndGet))
                .isInstanceOf(ProblemException.class);
        assertThat(released).hasValue(1);
    }

    @Test
    void saysWhatIsWrong() {
        admission.asking(Set.of("m")); // the catalogue knows no worker
        assertRefused(Problem.Kind.CAPACITY, "no worker serves model 'm' at the moment", "capacity");

        admission.kafkaAnswers(false);
        assertRefused(Problem.Kind.UNAVAILABLE, "Kafka does not answer this ingress", "kafka");

        admission.kafkaAnswers(true);
        assertRefused(Problem.Kind.CAPACITY, "no worker serves model 'm' at the moment", "capacity");
    }

    private void assertRefused(Problem.Kind kind, String detail, String reason) {
        assertThatThrownBy(() -> admission.admit(call(Duration.ofSeconds(2), Duration.ZERO)))
                .isInstanceOfSatisfying(ProblemException.class, refusal -> {
                    assertThat(refusal.problem().is(kind)).isTrue();
                    assertThat(refusal.problem().detail()).startsWith(detail);
                    assertThat(refusal.retryAfterSeconds()).isPresent();
                });
        assertThat(registry.get("inference.rejected")
                        .tags("model", "m", "reason", reason)
                        .counter()
                        .count())
                .isPositive();
    }

    @Test
    void countsOnTheCommitIntervalThatWorkersAnnounce() {
        AtomicLong now = new AtomicLong();
        Catalogue catalogue = new Catalogue(Long.MAX_VALUE, now::get);
        AdmissionControl watched = admission(catalogue, now::get);
        catalogue.heard(new Announcement(
                "m", "1", "w", new Signature(List.of(), List.of()), 8, 1000, 0, 2000, "cpu", true, Optional.empty()));

        watched.asking(Set.of("m"));
        watched.lag("m", lag(1100, 0), 1);
        now.set(1_000_000_000L);
        watched.asking(Set.of("m"));
        watched.lag("m", lag(1110, 100), 1);

        // 1,010 records at 100 per second, less the 100 that are answered and not committed, on average.
        assertThat(watched.predictedWaitNanos("m", Lane.INTERACTIVE)).isCloseTo(9_100_000_000L, within(1000L));
    }

    /** Other systems' records wait, too. */
    @Test
    void looksAtModelsThatNobodyCallsHereAndAtThoseWithABacklogAsOftenAsAtThoseInDemand() {
        AtomicLong now = new AtomicLong();
        Catalogue catalogue = new Catalogue(Long.MAX_VALUE, now::get);
        AdmissionControl watched = admission(catalogue, now::get);
        catalogue.heard(announcement(true));

        assertThat(watched.modelsToWatch()).containsExactly("m");
        assertThat(watched.modelsToWatch()).isEmpty();
        now.set(Duration.ofSeconds(2).toNanos());
        assertThat(watched.modelsToWatch()).containsExactly("m");

        watched.asking(Set.of("m"));
        watched.lag("m", lag(1100, 0), 1);
        assertThat(watched.modelsToWatch()).containsExactly("m");
        watched.lag("m", lag(1100, 1100), 1);
        assertThat(watched.modelsToWatch()).isEmpty();
    }

    @Test
    void tellsThePredictedWaitOfAModelFromItsAnnouncementOn() {
        AtomicLong now = new AtomicLong();
        Catalogue catalogue = new Catalogue(Duration.ofSeconds(10).toNanos(), now::get);
        AdmissionControl watched = admission(catalogue, now::get);
        catalogue.heard(announcement(true));
        watched.announced("m");
        assertThat(predictedSeconds()).isZero();

        watched.asking(Set.of("m"));
        watched.lag("m", lag(1100, 0), 1);
        now.set(1_000_000_000L);
        watched.asking(Set.of("m"));
        watched.lag("m", lag(1110, 100), 1);
        assertThat(predictedSeconds()).isGreaterThan(8);

        catalogue.heard(announcement(false));
        now.set(Duration.ofMinutes(1).toNanos());
        assertThat(predictedSeconds()).isNaN();
    }

    @Test
    void aCallThatCannotWaitForTheStartHearsWhenAWorkerIsThere() {
        AtomicLong now = new AtomicLong();
        AdmissionControl asleep = asleep(now, OptionalInt.empty());
        assertThat(gauge("inference.sleeping")).isEqualTo(1);
        assertAsleep(() -> asleep.admit(call(Duration.ofMinutes(10), Duration.ZERO)), "sleeping", 30);
        now.set(seconds(10));
        assertAsleep(() -> asleep.admit(call(Duration.ofSeconds(29), Duration.ZERO), () -> {}), "sleeping", 21);

        now.set(seconds(31));
        assertThat(gauge("inference.sleeping")).as("the start is overdue").isZero();
        assertThatThrownBy(() -> asleep.admit(call(Duration.ofMinutes(10), Duration.ZERO)))
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        refusal -> assertThat(refusal.problem().members()).isEmpty());
        assertThat(rejected("capacity")).isEqualTo(1);
        asleep.admit(call(Duration.ofMinutes(1), Duration.ZERO), () -> {});
        assertThatThrownBy(() -> asleep.admit(call(Duration.ofSeconds(54), Duration.ZERO), () -> {}))
                .as("the outage has lasted for 31 s, and 1.8 times that must fit")
                .isInstanceOf(ProblemException.class);
    }

    /** Workers are silent then, and may well be there. */
    @Test
    void whileKafkaIsAwayNoModelIsTakenToSleep() {
        AtomicLong now = new AtomicLong();
        AdmissionControl asleep = asleep(now, OptionalInt.empty());
        asleep.kafkaAnswers(false);
        asleep.asking(Set.of("m"));
        assertThatThrownBy(() -> asleep.admit(call(Duration.ofSeconds(8), Duration.ZERO)))
                .hasMessageContaining("Kafka does not answer");
        asleep.kafkaAnswers(true);
        now.set(seconds(16));
        assertAsleep(() -> asleep.admit(call(Duration.ofSeconds(8), Duration.ZERO)), "sleeping", 30);
    }

    @Test
    void aRequestWhoseDeadlineCoversTheStartIsAccepted() {
        AtomicLong now = new AtomicLong();
        AdmissionControl asleep = asleep(now, OptionalInt.empty());
        asleep.admit(call(Duration.ofSeconds(40), Duration.ZERO), () -> {});
        now.set(seconds(10));
        assertThat(deadlineUsed()).isEqualTo(0.25);

        asleep.lag("m", lag(1100, 1100), 1); // a worker has served it
        assertThat(deadlineUsed()).isEqualTo(0.25); // Kafka was asked before it came
        asleep.asking(Set.of("m"));
        asleep.lag("m", lag(1100, 1100), 1);
        assertThat(deadlineUsed()).isZero();
    }

    /** Whatever comes meanwhile: the worker that starts in time, and is as fast as it was declared, is late for nothing that was accepted. */
    @Test
    void nothingThatWaitsForTheStartIsLate() {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            AtomicLong now = new AtomicLong();
            int perSecond = 1 + random.nextInt(50);
            AdmissionControl asleep = asleep(now, OptionalInt.of(perSecond));
            List<Double> deadlines = new ArrayList<>();
            for (int i = 0; i < 3000; i++) {
                now.addAndGet(random.nextInt(9_000_000)); // all come before the start is overdue
                double left = 30 * Math.exp(2 * random.nextDouble());
                try {
                    asleep.admit(call(Duration.ofMillis((long) (left * 1e3)), Duration.ZERO), () -> {});
                    deadlines.add(now.get() / 1e9 + left);
                } catch (ProblemException refused) {
                    assertThat(refused.problem().detail()).contains("has scaled to zero");
                }
                if (i % 100 == 0) {
                    asleep.asking(Set.of("m"));
                    asleep.lag("m", lag(1000 + deadlines.size(), 1000), 1);
                }
            }
            assertThat(deadlines).as("seed %d", seed).hasSizeGreaterThan(10);
            double starts = 30;
            for (double deadline : deadlines) {
                starts += 1.0 / perSecond;
                assertThat(starts).as("seed %d", seed).isLessThan(deadline);
            }
        }
    }

    /** Its model needs 30 s to start. */
    private AdmissionControl asleep(AtomicLong now, OptionalInt requestsPerSecond) {
        Catalogue catalogue = new Catalogue(Duration.ofSeconds(7).toNanos(), now::get);
        AdmissionControl asleep =
                new AdmissionControl(catalogue, new Steering(catalogue), Duration.ofSeconds(5), registry, now::get);
        catalogue.heard(announcement(false)
                .scalingToZero(Optional.of(new ScaleToZero(Duration.ofSeconds(30), requestsPerSecond))));
        asleep.announced("m");
        asleep.asking(Set.of("m"));
        asleep.lag("m", lag(1000, 1000), 1);
        return asleep;
    }

    private void assertAsleep(ThrowingCallable call, String reason, int retryAfterSeconds) {
        double before = rejected(reason);
        assertThatThrownBy(call).isInstanceOfSatisfying(ProblemException.class, refusal -> {
            assertThat(refusal.problem().is(Problem.Kind.CAPACITY)).isTrue();
            assertThat(refusal.problem().members()).containsEntry("state", "SLEEPING");
            assertThat(refusal.problem().detail()).contains("has scaled to zero", "cannot wait");
            assertThat(refusal.retryAfterSeconds()).hasValue(retryAfterSeconds);
        });
        assertThat(rejected(reason)).isEqualTo(before + 1);
    }

    private double rejected(String reason) {
        return registry.find("inference.rejected").tags("model", "m", "reason", reason).counters().stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    private double gauge(String name) {
        return registry.get(name).tag("model", "m").gauge().value();
    }

    private double deadlineUsed() {
        return registry.get("inference.deadline.used.ratio")
                .tags("role", "ingress", "model", "m", "lane", "interactive")
                .gauge()
                .value();
    }

    private static long seconds(long count) {
        return Duration.ofSeconds(count).toNanos();
    }

    private double predictedSeconds() {
        return registry.get("inference.predicted.wait")
                .tag("model", "m")
                .timeGauge()
                .value(TimeUnit.SECONDS);
    }

    private static Announcement announcement(boolean isReady) {
        return new Announcement(
                "m", "1", "w", new Signature(List.of(), List.of()), 8, 1000, 0, 100, "cpu", isReady, Optional.empty());
    }

    private AdmissionControl admission(Catalogue catalogue, LongSupplier clock) {
        return new AdmissionControl(catalogue, new Steering(catalogue), Duration.ofSeconds(5), registry, clock);
    }

    private static Map<Lane, LagWatch.LaneLag> lag(long end, long committed) {
        return Map.of(
                Lane.INTERACTIVE,
                new LagWatch.LaneLag(
                        List.of(new PartitionLag(0, end, committed)), new LaneWork(committed, 0, Map.of())));
    }

    private static CheckedCall call(Duration left, Duration waited) {
        return CheckedCalls.of(Tenant.anonymous(Optional.empty()), 1, left, waited);
    }
}
