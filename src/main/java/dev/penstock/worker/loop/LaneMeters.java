package dev.penstock.worker.loop;

import dev.penstock.metrics.SharedMeters;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Term;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** The meters of one lane of a model: how much is waiting, and for how long. Thread-safe. */
public final class LaneMeters {
    private final Timer queueWait;
    private volatile int partitions;
    private volatile Backlog backlog = new Backlog(0, 0, OptionalLong.empty(), Optional.empty());

    /**
     * What a worker has not answered, on its own partitions.
     *
     * @param records those in the log behind its position
     * @param rows those of the requests that it holds, and of these records
     * @param oldestNanos when the oldest request that it holds came into the log, on the monotonic clock; empty when it holds none
     * @param oldestTerm the time that this request has; empty when it is not decoded
     */
    public record Backlog(long records, long rows, OptionalLong oldestNanos, Optional<Term> oldestTerm) {}

    LaneMeters(MeterRegistry registry, String model, Lane lane) {
        Tags tags = Tags.of("model", model, "lane", lane.label());
        queueWait = Timer.builder("inference.queue.wait")
                .description("From arrival in the log to the start of the batch")
                .tags(tags)
                .serviceLevelObjectives(
                        Duration.ofMillis(1),
                        Duration.ofMillis(2),
                        Duration.ofMillis(5),
                        Duration.ofMillis(10),
                        Duration.ofMillis(20),
                        Duration.ofMillis(50),
                        Duration.ofMillis(100),
                        Duration.ofMillis(200),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(5))
                .register(registry);
        Gauge.builder("inference.backlog.records", this, meters -> meters.backlog.records)
                .description("Records in the log behind this worker's position, on its own partitions")
                .tags(tags)
                .register(registry);
        Gauge.builder("inference.backlog.rows", this, meters -> meters.backlog.rows)
                .description("Rows that are not answered: taken by this worker, or estimated behind its position")
                .tags(tags)
                .register(registry);
        Gauge.builder("inference.partitions", this, meters -> meters.partitions)
                .description("Partitions that this worker reads")
                .tags(tags)
                .register(registry);
        TimeGauge.builder("inference.oldest.request", this, TimeUnit.NANOSECONDS, LaneMeters::oldestAgeNanos)
                .description("Time since the oldest request that is taken and not answered came into the log")
                .tags(tags)
                .register(registry);
        SharedMeters.deadlineUsed(registry, "worker", model, lane.label(), this::deadlineUsed);
    }

    void waited(long nanos) {
        queueWait.record(nanos, TimeUnit.NANOSECONDS);
    }

    public void backlog(Backlog now) {
        backlog = now;
    }

    public void partitions(int count) {
        partitions = count;
    }

    /** Grows between two looks, too: a worker that is stuck does not look. */
    private double oldestAgeNanos() {
        OptionalLong oldest = backlog.oldestNanos;
        return oldest.isPresent() ? Math.max(0, System.nanoTime() - oldest.getAsLong()) : 0;
    }

    private double deadlineUsed() {
        return backlog.oldestTerm.map(term -> term.used(System.nanoTime())).orElse(0.0);
    }
}
