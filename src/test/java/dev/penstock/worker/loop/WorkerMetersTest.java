package dev.penstock.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.batching.Trigger;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Term;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Statistic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class WorkerMetersTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final WorkerMeters meters = new WorkerMeters(registry, "m");

    @Test
    void everyCounterIsThereAtZeroFromTheStart() {
        assertThat(registry.getMeters())
                .filteredOn(meter -> meter.getId().getType() == Meter.Type.COUNTER)
                .hasSizeGreaterThan(15)
                .allSatisfy(counter -> assertThat(
                                StreamSupport.stream(counter.measure().spliterator(), false)
                                        .filter(measured -> measured.getStatistic() == Statistic.COUNT)
                                        .findFirst()
                                        .orElseThrow()
                                        .getValue())
                        .isZero());
        assertThat(registry.find("inference.requests").counters())
                .extracting(counter -> counter.getId().getTag("outcome"))
                .containsExactlyInAnyOrder("succeeded", "failed", "expired", "cancelled");
        assertThat(registry.find("inference.batch.trigger").counters()).hasSize(Trigger.values().length);
    }

    @Test
    void everyMeterSaysWhatItIs() {
        assertThat(registry.getMeters())
                .filteredOn(meter -> !meter.getId().getName().endsWith(".histogram")) // the simple registry's own
                .allSatisfy(meter -> assertThat(meter.getId().getDescription())
                        .as("%s", meter.getId())
                        .isNotBlank());
    }

    /** A reading must not change what the next one sees: two servers may read. */
    @Test
    void busyTimeIsTheSameForAllReaders() {
        meters.ran(TimeUnit.MILLISECONDS.toNanos(1500), false);
        assertThat(busySeconds()).isCloseTo(1.5, within(1e-9));
        assertThat(busySeconds()).isCloseTo(1.5, within(1e-9));
        meters.ran(TimeUnit.MILLISECONDS.toNanos(500), false);
        assertThat(busySeconds()).isCloseTo(2, within(1e-9));
    }

    @Test
    void theTargetIsThatOfTheLastBatch() {
        meters.serves(2, 64, 0);
        assertThat(gauge("inference.target.batch.size")).isEqualTo(64);
        meters.batch(5, 32, 0, Trigger.DELAY);
        assertThat(gauge("inference.target.batch.size")).isEqualTo(32);
        assertThat(gauge("inference.concurrent.runs")).isEqualTo(2);
    }

    @Test
    void theCapacityIsThatOfFullBatchesInAllRunsAtOnce() {
        assertThat(gauge("inference.capacity.rows.per.second")).isZero();
        meters.serves(2, 64, 160e6);
        assertThat(gauge("inference.capacity.rows.per.second")).isEqualTo(800);
        meters.batch(5, 32, 64e6, Trigger.DELAY);
        assertThat(gauge("inference.capacity.rows.per.second")).isEqualTo(1000);
    }

    @Test
    void theOldestRequestGrowsOlderUntilTheNextLook() {
        meters.lane(Lane.BULK)
                .backlog(new LaneMeters.Backlog(
                        3, 12, OptionalLong.of(System.nanoTime() - TimeUnit.SECONDS.toNanos(40)), Optional.empty()));
        assertThat(oldestSeconds(Lane.BULK)).isBetween(40.0, 400.0);
        assertThat(oldestSeconds(Lane.INTERACTIVE)).isZero();
        meters.lane(Lane.BULK).backlog(new LaneMeters.Backlog(0, 0, OptionalLong.empty(), Optional.empty()));
        assertThat(oldestSeconds(Lane.BULK)).isZero();
    }

    @Test
    void tellsHowMuchOfItsTimeTheOldestRequestHasUsedUp() {
        long now = System.nanoTime();
        Term term = new Term(now - TimeUnit.HOURS.toNanos(3), now + TimeUnit.HOURS.toNanos(1));
        meters.lane(Lane.BULK)
                .backlog(new LaneMeters.Backlog(0, 1, OptionalLong.of(term.arrivalNanos()), Optional.of(term)));
        assertThat(deadlineUsed(Lane.BULK)).isBetween(0.75, 0.8);
        assertThat(deadlineUsed(Lane.INTERACTIVE)).isZero();
    }

    private double deadlineUsed(Lane lane) {
        return registry.get("inference.deadline.used.ratio")
                .tag("role", "worker")
                .tag("lane", lane.label())
                .gauge()
                .value();
    }

    private double busySeconds() {
        return registry.get("inference.session.busy").functionCounter().count();
    }

    private double gauge(String name) {
        return registry.get(name).gauge().value();
    }

    private double oldestSeconds(Lane lane) {
        return registry.get("inference.oldest.request")
                .tag("lane", lane.label())
                .timeGauge()
                .value(TimeUnit.SECONDS);
    }
}
