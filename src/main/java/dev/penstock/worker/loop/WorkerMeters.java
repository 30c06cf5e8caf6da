package dev.penstock.worker.loop;

import static java.util.Objects.requireNonNull;

import dev.penstock.batching.Trigger;
import dev.penstock.metrics.SharedMeters;
import dev.penstock.protocol.Lane;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/** The meters of one model. Their names are part of the contract. Thread-safe. */
public final class WorkerMeters {
    private static final List<String> OUTCOMES = List.of("succeeded", "failed", "expired", "cancelled");
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MILLI = 1e6;

    private final Timer latency;
    private final Timer kafkaWrite;
    private final Timer featuresWait;
    private final Timer sessionRun;
    private final DistributionSummary batchSize;
    private final Counter deadLetters;
    private final Counter deadLettersLost;
    private final Counter undeliverable;
    private final Counter recalls;
    private final Counter lateStarts;
    private final Counter outOfMemory;
    private final Counter passedOn;
    private final Counter answeredBefore;
    private final Counter answersGivenAgain;
    private final Counter answersJoined;
    private final Counter answersMissed;
    private final Timer answerAge;
    private final Map<Site.Kind, Counter> answeredElsewhere = new EnumMap<>(Site.Kind.class);
    private final LongAdder busyNanos = new LongAdder();
    private final AtomicInteger concurrentRuns = new AtomicInteger();
    private final AtomicInteger targetBatchSize = new AtomicInteger();
    private final AtomicInteger maxBatchSize = new AtomicInteger();
    private volatile double rowsPerSecond;
    private final Map<Lane, LaneMeters> lanes = new EnumMap<>(Lane.class);
    private final Map<Trigger, Counter> triggers = new EnumMap<>(Trigger.class);
    private final Map<String, Counter> outcomes;

    public WorkerMeters(MeterRegistry registry, String model) {
        latency = SharedMeters.latency(registry, model);
        kafkaWrite = SharedMeters.kafkaWrite(registry);
        featuresWait = Timer.builder("inference.features.wait")
                .description("What requests with features wait for them")
                .tag("model", model)
                .serviceLevelObjectives(millis(1, 5, 10, 20, 50, 100, 200, 500, 1000, 5000))
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
        outOfMemory = Counter.builder("inference.out.of.memory")
                .description("Runs that were out of memory; their batches run again in halves")
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
        answersGivenAgain = answerCache(registry, model, "hit");
        answersJoined = answerCache(registry, model, "joined");
        answersMissed = answerCache(registry, model, "miss");
        answerAge = Timer.builder("inference.answer.cache.age")
                .description("How old the answers were that were given again")
                .tag("model", model)
                .serviceLevelObjectives(millis(1000, 10_000, 60_000, 600_000, 3_600_000))
                .register(registry);
        answeredElsewhere.put(
                Site.Kind.OVERFLOW,
                Counter.builder("inference.overflow.answers")
                        .description("Requests that the centre ran, since the local sessions would have answered later")
                        .tag("model", model)
                        .register(registry));
        answeredElsewhere.put(
                Site.Kind.FALLBACK,
                Counter.builder("inference.fallback.answers")
                        .description("Requests that the fallback model ran in the place of this one")
                        .tag("model", model)
                        .register(registry));
        FunctionCounter.builder("inference.session.busy", busyNanos, nanos -> nanos.sum() / NANOS_PER_SECOND)
                .description("Time in which sessions ran a batch")
                .baseUnit("seconds")
                .tag("model", model)
                .register(registry);
        Gauge.builder("inference.concurrent.runs", concurrentRuns, AtomicInteger::get)
                .description("Runs of the model that can go on at once")
                .tag("model", model)
                .register(registry);
        Gauge.builder("inference.target.batch.size", targetBatchSize, AtomicInteger::get)
                .description("Rows at which a batch is full, as of the last batch")
                .tag("model", model)
                .register(registry);
        Gauge.builder("inference.capacity.rows.per.second", this, meters -> meters.rowsPerSecond)
                .description("Rows per second that this worker runs in full batches, by the measured cost of its runs")
                .tag("model", model)
                .register(registry);
        Gauge.builder("inference.max.batch.size", maxBatchSize, AtomicInteger::get)
                .description("The most rows that model.yaml allows in a batch")
                .tag("model", model)
                .register(registry);
        for (Lane lane : Lane.values()) {
            lanes.put(lane, new LaneMeters(registry, model, lane));
        }
        for (Trigger trigger : Trigger.values()) {
            triggers.put(
                    trigger,
                    Counter.builder("inference.batch.trigger")
                            .description("Batches by the reason why they were closed")
                            .tag("model", model)
                            .tag("trigger", trigger.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        outcomes = OUTCOMES.stream()
                .collect(Collectors.toUnmodifiableMap(
                        outcome -> outcome,
                        outcome -> Counter.builder("inference.requests")
                                .description("Requests by the outcome that their senders see")
                                .tag("model", model)
                                .tag("outcome", outcome)
                                .register(registry)));
    }

    /** Must be called before the versions of a server are added: another server of the model may have been before. */
    public void servesNone() {
        concurrentRuns.set(0);
    }

    /**
     * Adds a version of the model.
     *
     * @param largestNanos the expected run time of the largest batch; 0 if it is not known
     */
    public void serves(int moreConcurrentRuns, int largestBatch, double largestNanos) {
        concurrentRuns.addAndGet(moreConcurrentRuns);
        maxBatchSize.set(largestBatch);
        target(largestBatch, largestNanos);
    }

    /**
     * @param targetRows with so many rows, the batch would have been full
     * @param targetNanos the expected run time of such a batch; 0 if it is not known
     */
    void batch(int rows, int targetRows, double targetNanos, Trigger trigger) {
        batchSize.record(rows);
        target(targetRows, targetNanos);
        requireNonNull(triggers.get(trigger)).increment();
    }

    private void target(int rows, double nanos) {
        targetBatchSize.set(rows);
        rowsPerSecond = nanos > 0 ? concurrentRuns.get() * rows * NANOS_PER_SECOND / nanos : 0;
    }

    void recalled() {
        recalls.increment();
    }

    void ran(long nanos, boolean isLateStart) {
        lateStarts.increment(isLateStart ? 1 : 0);
        busyNanos.add(nanos);
        sessionRun.record(nanos, TimeUnit.NANOSECONDS);
    }

    void ranOutOfMemory() {
        outOfMemory.increment();
    }

    /** A request waited for its features. */
    public void waitedForFeatures(double millis) {
        featuresWait.record((long) (millis * NANOS_PER_MILLI), TimeUnit.NANOSECONDS);
    }

    void waited(Lane lane, long nanos) {
        lane(lane).waited(nanos);
    }

    /** An answer that is so old was given again. */
    void givenAgain(long ageNanos) {
        answersGivenAgain.increment();
        answerAge.record(ageNanos, TimeUnit.NANOSECONDS);
    }

    /** A request waits for the answer to an equal one. */
    void joinedAnswer() {
        answersJoined.increment();
    }

    /** A request has to run, though the model keeps answers. */
    void missedAnswer() {
        answersMissed.increment();
    }

    void answered(Site.Kind site, int requests) {
        Counter counter = answeredElsewhere.get(site);
        if (counter != null) {
            counter.increment(requests);
        }
    }

    public void settled(String outcome) {
        requireNonNull(outcomes.get(outcome)).increment();
    }

    /** For requests that no ingress answers: those of synchronous calls are observed there. */
    public void took(long nanosSinceAcceptance) {
        latency.record(nanosSinceAcceptance, TimeUnit.NANOSECONDS);
    }

    /** A reply was acknowledged. */
    public void written(long nanos) {
        kafkaWrite.record(nanos, TimeUnit.NANOSECONDS);
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

    public LaneMeters lane(Lane lane) {
        return requireNonNull(lanes.get(lane));
    }

    private static Counter answerCache(MeterRegistry registry, String model, String result) {
        return Counter.builder("inference.answer.cache.requests")
                .description("Requests by whether their answer was there already, or on its way")
                .tag("model", model)
                .tag("result", result)
                .register(registry);
    }

    private static Duration[] millis(int... values) {
        return Arrays.stream(values).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
    }
}
