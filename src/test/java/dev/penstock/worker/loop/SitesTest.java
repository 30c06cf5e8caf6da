package dev.penstock.worker.loop;

import static dev.penstock.worker.loop.ManualAccelerator.BAD;
import static dev.penstock.worker.loop.Tasks.awaited;
import static dev.penstock.worker.loop.Tasks.fromEdge;
import static dev.penstock.worker.loop.Tasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.batching.Window;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A loop whose model runs in two places, on a virtual clock. */
class SitesTest {
    private static final long FAR = 100 * Outage.REST_NANOS;

    private static final Map<String, Object> SMALL = Map.of("fallback", true, "served_by", "small");

    private final ManualAccelerator home = new ManualAccelerator();
    private final ManualAccelerator other = new ManualAccelerator();
    private final CostModel homeCosts = new CostModel();
    private final CostModel otherCosts = new CostModel();
    private final RecordedReplies replies = new RecordedReplies();
    private final MeterRegistry registry = new SimpleMeterRegistry();

    @Test
    void theFallbackRunsWhatTheCentreDidNot() {
        WorkerLoop loop = withFallback();
        home.isUnavailable = true;
        Task waits = task("waits", 1, FAR);
        loop.offer(waits);
        loop.offer(awaited("called", 2, FAR));
        loop.step(0);
        loop.offer(awaited("queued", 3, FAR));
        loop.step(1);
        assertThat(other.isBusy()).as("while the centre may answer").isFalse();
        home.finish();
        loop.step(2);
        assertThat(other.running()).containsExactly(1, 2, 3);
        other.finish();
        loop.step(3);
        assertThat(replies.status).hasSize(3).containsValue("succeeded").doesNotContainValue("failed");
        assertThat(replies.remarks).hasSize(3).containsEntry("waits", SMALL);
        assertThat(waits.record().runs()).isEqualTo(1);
        assertThat(registry.get("inference.fallback.answers").counter().count()).isEqualTo(3);
    }

    @Test
    void duringAnOutageTheFallbackRunsWhatComesAndOneBatchASecondTriesTheCentre() {
        WorkerLoop loop = withFallback();
        home.isUnavailable = true;
        run(loop, "first", 0);
        loop.offer(task("meanwhile", 2, FAR));
        loop.step(10);
        assertThat(home.isBusy()).isFalse();
        other.finish();
        loop.step(11);

        home.isUnavailable = false;
        long back = Outage.REST_NANOS + 10;
        loop.offer(task("tries", 3, FAR));
        loop.step(back);
        assertThat(home.running()).containsExactly(3);
        loop.offer(task("beside", 4, FAR));
        loop.step(back + 1);
        assertThat(other.running()).containsExactly(4);
        home.finish();
        other.finish();
        loop.step(back + 2);
        run(loop, "after", back + 3);
        assertThat(replies.status.values()).hasSize(5).containsOnly("succeeded");
        assertThat(replies.remarks).containsOnlyKeys("first", "meanwhile", "beside");
    }

    @Test
    void theFallbackRunsWhatTheCentreWouldAnswerTooLate() {
        homeCosts.observe("key", 1, 1000);
        otherCosts.observe("key", 1, 10);
        WorkerLoop loop = withFallback();
        loop.offer(task("hurried", 1, 500));
        loop.offer(task("too late for both", 2, 5));
        loop.step(0);
        assertThat(home.isBusy()).isFalse();
        assertThat(other.running()).containsExactly(1);
        assertThat(replies.status).containsOnly(Map.entry("too late for both", "expired"));
    }

    @Test
    void aCallToTheCentreEndsWhileTheFallbackHasTime() {
        otherCosts.observe("key", 1, 100);
        WorkerLoop loop = withFallback();
        loop.offer(task("a", 1, 1000));
        loop.step(0);
        assertThat(home.latestEnd).isEqualTo(1000 - (long) otherCosts.p95Nanos("key", 1));
    }

    @Test
    void aRequestThatRanInBothPlacesNamesTheFallback() {
        WorkerLoop loop = withFallback();
        loop.offer(task("large", new byte[12], FAR));
        loop.step(0);
        home.finish();
        home.isUnavailable = true;
        loop.step(1);
        home.finish();
        loop.step(2);
        other.finish();
        loop.step(3);
        assertThat(replies.status).containsOnly(Map.entry("large", "succeeded"));
        assertThat(replies.rows.get("large")).hasSize(12);
        assertThat(replies.remarks).containsEntry("large", SMALL);
    }

    @Test
    void aFallbackWithoutCentreRunsEverything() {
        WorkerLoop loop = loop(List.of(Site.fallback("small", batcher(homeCosts), List.of(List.of(home)))));
        run(loop, "a", 0);
        assertThat(replies.remarks).containsEntry("a", SMALL);
        loop.offer(task("late", 1, 5));
        loop.step(6);
        assertThat(replies.status).containsOnly(Map.entry("a", "succeeded"), Map.entry("late", "expired"));
    }

    @Test
    void theCentreRunsWhatItAnswersSoonerThanBusySessionsHere() {
        homeCosts.observe("key", 1, 1000);
        otherCosts.observe("key", 1, 10);
        WorkerLoop loop = withOverflow();
        centreHasRun(loop);
        assertThat(other.isBusy()).isFalse();
        loop.offer(task("first", 1, FAR));
        loop.step(100);
        assertThat(home.running()).as("while a session here is free").containsExactly(1);
        loop.offer(task("second", 2, FAR));
        loop.step(101);
        assertThat(other.running()).containsExactly(2);
        other.finish();
        home.finish();
        loop.step(102);
        assertThat(replies.status.values()).containsOnly("succeeded");
        assertThat(replies.remarks).as("it is the same model").isEmpty();
        assertThat(registry.get("inference.overflow.answers").counter().count()).isEqualTo(2);
    }

    @Test
    void theCentreIsNotAskedForWhatWaitsForItsBatchWhileASessionHereIsFree() {
        WorkerLoop loop = loop(List.of(
                Site.home(new Batcher<>(BatchPolicy.of(8, Window.fixed(50)), homeCosts), List.of(List.of(home))),
                Site.centre(Site.Kind.OVERFLOW, batcher(otherCosts), List.of(other))));
        loop.offer(task("early", 1, FAR));
        loop.step(0);
        assertThat(home.isBusy()).as("while its window is open").isFalse();
        assertThat(other.isBusy()).isFalse();
        loop.step(60);
        assertThat(home.running()).containsExactly(1);
    }

    @Test
    void whatIsAnsweredSoonerHereWaits() {
        homeCosts.observe("key", 1, 100);
        otherCosts.observe("key", 1, 150);
        WorkerLoop loop = withOverflow();
        centreHasRun(loop);
        homeCosts.observe("key", 1, 100);
        for (int i = 0; i < 20; i++) {
            otherCosts.observe("key", 1, 250);
        }
        loop.offer(task("first", 1, FAR));
        loop.step(100);
        loop.offer(task("second", 2, FAR));
        loop.step(101);
        assertThat(other.isBusy()).isFalse();
        home.finish();
        loop.step(102);
        assertThat(home.running()).containsExactly(2);
    }

    @Test
    void whatAnEdgeHasSentStays() {
        homeCosts.observe("key", 1, 1000);
        WorkerLoop loop = withOverflow();
        loop.offer(task("first", 1, FAR));
        loop.step(0);
        loop.offer(fromEdge("of an edge", 2, FAR));
        loop.step(1);
        assertThat(other.isBusy()).isFalse();
        loop.offer(task("own", 3, FAR));
        loop.step(2);
        assertThat(other.running()).containsExactly(3);
    }

    @Test
    void whatWouldBeLateAtTheCentreStays() {
        homeCosts.observe("key", 1, 1000);
        otherCosts.observe("key", 1, 10);
        WorkerLoop loop = withOverflow();
        centreHasRun(loop);
        for (int i = 0; i < 20; i++) {
            otherCosts.observe("key", 1, 500);
        }
        loop.offer(task("first", 1, FAR));
        loop.step(100);
        loop.offer(task("hurried", 2, 300));
        loop.offer(task("patient", 3, FAR));
        loop.step(101);
        assertThat(other.running()).containsExactly(3);
    }

    @Test
    void whatFailsAtTheCentreRunsHere() {
        homeCosts.observe("key", 1, 1000);
        WorkerLoop loop = withOverflow();
        Task second = task("second", BAD, FAR);
        loop.offer(task("first", 1, FAR));
        loop.step(0);
        loop.offer(second);
        loop.step(1);
        assertThat(other.running()).containsExactly(BAD);
        other.finish();
        loop.offer(task("third", 3, FAR));
        loop.step(2);
        assertThat(other.isBusy()).as("so soon after a failure").isFalse();
        assertThat(second.record().runs()).isZero();
        home.finish();
        loop.step(3);
        assertThat(home.running()).containsExactlyInAnyOrder(BAD, 3);
        for (int now = 4; home.isBusy(); now++) {
            home.finish();
            loop.step(now);
        }
        assertThat(replies.status)
                .containsOnly(
                        Map.entry("first", "succeeded"),
                        Map.entry("second", "failed"),
                        Map.entry("third", "succeeded"));
    }

    @Test
    void whatTheCentreIsTooLateForRunsHere() {
        homeCosts.observe("key", 1, 1000);
        other.isTooLate = true;
        WorkerLoop loop = withOverflow();
        loop.offer(task("first", 1, FAR));
        loop.step(0);
        loop.offer(task("second", 2, FAR));
        loop.step(1);
        other.finish();
        home.finish();
        loop.step(2);
        assertThat(home.running()).containsExactly(2);
    }

    @Test
    void oneRequestAtATimeFindsOutWhatTheCentreCosts() {
        homeCosts.observe("key", 1, 1000);
        WorkerLoop loop = withOverflow();
        loop.offer(task("first", 1, FAR));
        loop.step(0);
        loop.offer(task("second", 2, FAR));
        loop.offer(task("third", 3, FAR));
        loop.step(1);
        assertThat(other.running()).containsExactly(2);
        assertThat(other.latestEnd).as("it can still run here").isLessThan(FAR);
        loop.step(2);
        assertThat(other.running()).containsExactly(2);
        other.finish();
        loop.step(3);
        assertThat(other.running()).as("it took 5").containsExactly(3);
    }

    @Test
    void aCentreThatWasSlowIsTriedAgain() {
        homeCosts.observe("key", 1, 1000);
        WorkerLoop loop = withOverflow();
        centreHasRun(loop);
        for (int i = 0; i < 50; i++) {
            otherCosts.observe("key", 1, Outage.REST_NANOS);
        }
        loop.offer(task("first", 1, FAR));
        loop.step(100);
        loop.offer(task("second", 2, FAR));
        loop.step(101);
        assertThat(other.isBusy()).isFalse();
        loop.step(101 + 10 * Outage.REST_NANOS);
        assertThat(other.running()).containsExactly(2);
    }

    /** One request that runs at home or, if home does not run it, elsewhere. */
    private void run(WorkerLoop loop, String name, long now) {
        loop.offer(task(name, 1, FAR));
        loop.step(now);
        home.finish();
        loop.step(now + 1);
        if (other.isBusy()) {
            other.finish();
            loop.step(now + 2);
        }
    }

    @Test
    void aCentreThatReturnsDoesNotMeetAllThatWaitedAtOnce() {
        List<ManualAccelerator> calls =
                Stream.generate(ManualAccelerator::new).limit(8).toList();
        Batcher<Task> batcher = new Batcher<>(BatchPolicy.of(1, Window.fixed(0)), homeCosts);
        WorkerLoop loop = loop(List.of(Site.centre(Site.Kind.HOME, batcher, calls)));
        calls.forEach(call -> call.isUnavailable = true);
        for (int i = 0; i < 20; i++) {
            loop.offer(task("waits " + i, 1, FAR));
        }
        loop.step(0);
        assertThat(busy(calls)).hasSize(4);
        busy(calls).forEach(ManualAccelerator::finish);
        loop.step(1);
        calls.forEach(call -> call.isUnavailable = false);

        for (int expected = 1; expected <= 3; expected++) {
            loop.step(Outage.REST_NANOS + expected);
            assertThat(busy(calls)).hasSize(expected);
            busy(calls).forEach(ManualAccelerator::finish);
        }
    }

    private static List<ManualAccelerator> busy(List<ManualAccelerator> calls) {
        return calls.stream().filter(ManualAccelerator::isBusy).toList();
    }

    /** One request finds out what the centre costs. */
    private void centreHasRun(WorkerLoop loop) {
        loop.offer(task("busy", 1, FAR));
        loop.step(0);
        loop.offer(task("try", 1, FAR));
        loop.step(1);
        other.finish();
        home.finish();
        loop.step(2);
    }

    private WorkerLoop withFallback() {
        return loop(List.of(
                Site.home(batcher(homeCosts), List.of(List.of(home))),
                Site.fallback("small", batcher(otherCosts), List.of(List.of(other)))));
    }

    private WorkerLoop withOverflow() {
        return loop(List.of(
                Site.home(batcher(homeCosts), List.of(List.of(home))),
                Site.centre(Site.Kind.OVERFLOW, batcher(otherCosts), List.of(other))));
    }

    private static Batcher<Task> batcher(CostModel costs) {
        return new Batcher<>(BatchPolicy.of(8, Window.fixed(0)), costs);
    }

    private WorkerLoop loop(List<Site> sites) {
        return new WorkerLoop(sites, Optional.empty(), replies, new WorkerMeters(registry, "m"), lost -> {}, () -> {});
    }
}
