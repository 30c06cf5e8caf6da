package dev.penstock.worker.loop;

import static java.util.Objects.requireNonNull;

import dev.penstock.batching.Trigger;
import dev.penstock.protocol.Lane;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** The meters of one model. Their names are part of the contract. Thread-safe. */
public final class WorkerMeters {
    private static final List<String> OUTCOMES = List.of("succeeded", "failed", "expired", "cancelled");

    private final Timer latency;
    private final Timer sessionRun;
    private final DistributionSummary batchSize;
    private final Counter deadLetters;
    private final Counter deadLettersLost;
    private final Counter undeliverable;
    private final Counter recalls;
    private final Counter lateStarts;
    private final Counter passedOn;
    private final Counter answeredBefore;
    private final BusyRatio busy = new BusyRatio(System.nanoTime());
    private final Map<Lane, Timer> queueWait = new EnumMap<>(Lane.class);
    private final Map<Lane, AtomicLong> backlog = new EnumMap<>(Lane.class);
    private final Map<Trigger, Counter> triggers = new EnumMap<>(Trigger.class);
    private final Map<String, Counter> outcomes;

    public WorkerMeters(MeterRegistry registry, String model) {
        latency = Timer.builder("inference.latency")
                .description("From arrival in the log to the outcome")
                .tag("model", model)
                .serviceLevelObjectives(millis(5, 10, 25, 50, 100, 200, 350, 500, 1000, 2500, 5000, 10000, 30000))
                .register(registry);
        sessionRun = Timer.builder("model.inference.latency")
                .description("One run of the session, for a whole batch")
                .tag("model", model)
                .serviceLevelObjectives(millis(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000))
                .register(registry);
        batchSize = DistributionSummary.builder("inference.batch.size")
                .description("Rows in a batch")
                .tag("model", model)
                .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
                .register(registry);
        deadLetters = Counter.builder("inference.dead.letters")
                .description("Records that could not be served and were kept as dead letters")
                .tag("model", model)
                .register(registry);
        deadLettersLost = Counter.builder("inference.dead.letters.lost")
                .description(
                        "Records whose dead letter could not be written either; the log has their places. Should stay 0")
                .tag("model", model)
                .register(registry);
        undeliverable = Counter.builder("inference.replies.undeliverable")
                .description("Replies that their topic did not take, in any form")
                .tag("model", model)
                .register(registry);
        recalls = Counter.builder("inference.batch.recalls")
                .description(
                        "Batches that were taken back, since the batch before took too long and they would have been late")
                .tag("model", model)
                .register(registry);
        lateStarts = Counter.builder("inference.late.starts")
                .description("Batches that started after the latest start of a member; should stay 0")
                .tag("model", model)
                .register(registry);
        passedOn = Counter.builder("inference.passed.on")
                .description(
                        "Requests that were passed on to another worker, since this one does not serve their version")
                .tag("model", model)
                .register(registry);
        answeredBefore = Counter.builder("inference.answered.before")
                .description("Requests of other systems that came again, and that another worker had answered already")
                .tag("model", model)
                .register(registry);
        Gauge.builder("inference.session.busy.ratio", busy, ratio -> ratio.read(System.nanoTime()))
                .description("Share of time that sessions ran a batch, since the previous reading")
                .tag("model", model)
                .register(registry);
        for (Lane lane : Lane.values()) {
            List<Tag> tags = List.of(Tag.of("model", model), Tag.of("lane", lane.label()));
            queueWait.put(
                    lane,
                    Timer.builder("inference.queue.wait")
                            .description("From arrival in the log to the start of the batch")
                            .tags(tags)
                            .serviceLevelObjectives(millis(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000))
                            .register(registry));
            backlog.put(lane, registry.gauge("inference.backlog.records", tags, new AtomicLong()));
        }
        for (Trigger trigger : Trigger.values()) {
            triggers.put(
                    trigger,
                    registry.counter(
                            "inference.batch.trigger",
                            "model",
                            model,
                            "trigger",
                            trigger.name().toLowerCase(Locale.ROOT)));
        }
        outcomes = OUTCOMES.stream()
                .collect(Collectors.toUnmodifiableMap(
                        outcome -> outcome,
                        outcome -> registry.counter("inference.requests", "model", model, "outcome", outcome)));
    }

    public void addSessions(int more) {
        busy.addSessions(more);
    }

    void batch(int rows, Trigger trigger) {
        batchSize.record(rows);
        requireNonNull(triggers.get(trigger)).increment();
    }

    void recalled() {
        recalls.increment();
    }

    void ran(long nanos, boolean isLateStart) {
        lateStarts.increment(isLateStart ? 1 : 0);
        busy.ran(nanos);
        sessionRun.record(nanos, TimeUnit.NANOSECONDS);
    }

    void waited(Lane lane, long nanos) {
        requireNonNull(queueWait.get(lane)).record(nanos, TimeUnit.NANOSECONDS);
    }

    public void settled(String outcome, long latencyNanos) {
        requireNonNull(outcomes.get(outcome)).increment();
        latency.record(latencyNanos, TimeUnit.NANOSECONDS);
    }

    public void deadLetter() {
        deadLetters.increment();
    }

    public void deadLetterLost() {
        deadLettersLost.increment();
    }

    public void undeliverable() {
        undeliverable.increment();
    }

    public void passedOn() {
        passedOn.increment();
    }

    public void answeredBefore() {
        answeredBefore.increment();
    }

    /** Sets the number of records that this worker's own partitions hold beyond those that it has consumed. */
    public void backlog(Lane lane, long records) {
        requireNonNull(backlog.get(lane)).set(records);
    }

    private static Duration[] millis(int... values) {
        return Arrays.stream(values).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
    }
}
