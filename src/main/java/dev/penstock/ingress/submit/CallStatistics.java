package dev.penstock.ingress.submit;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.Timings;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * What became of the synchronous calls of this ingress since its start, by model and version, for clients that read a server's statistics
 * while they measure. Meters of all requests are elsewhere. Thread-safe.
 */
public final class CallStatistics {
    private final Map<String, Map<String, Counts>> byVersion = new ConcurrentHashMap<>();
    private final LongSupplier epochMillis;

    public CallStatistics(LongSupplier epochMillis) {
        this.epochMillis = epochMillis;
    }

    /** The counts of a version; all 0 if it was never called. */
    public Counts of(String model, String version) {
        Map<String, Counts> ofModel = byVersion.get(model);
        return ofModel == null ? new Counts() : ofModel.getOrDefault(version, new Counts());
    }

    /**
     * Counts an accepted call.
     *
     * @param reply empty if none came by the deadline
     * @param nanos from the call having been read to its answer
     */
    void took(String model, String version, long rows, Optional<Reply> reply, long nanos) {
        Counts counts = byVersion
                .computeIfAbsent(model, first -> new ConcurrentHashMap<>())
                .computeIfAbsent(version, first -> new Counts());
        counts.lastMillis = epochMillis.getAsLong();
        if (reply.isPresent() && reply.get().outcome() instanceof Outcome.Succeeded) {
            counts.succeeded(rows, nanos, reply.get().timings());
        } else {
            counts.failures.add((double) nanos);
        }
    }

    /** How often something happened, and how long it took in all. */
    public static final class Durations {
        private final LongAdder count = new LongAdder();
        private final DoubleAdder nanos = new DoubleAdder();

        private void add(double took) {
            count.increment();
            nanos.add(took);
        }

        public long count() {
            return count.sum();
        }

        public long nanos() {
            return Math.round(nanos.sum());
        }
    }

    /** The runs of batches of one size. A call has a share in a run: its rows in those of the batch. */
    public static final class Runs {
        private final DoubleAdder runs = new DoubleAdder();
        private final DoubleAdder nanos = new DoubleAdder();

        public long count() {
            return Math.round(runs.sum());
        }

        public long nanos() {
            return Math.round(nanos.sum());
        }
    }

    /** The counts of one version. */
    public static final class Counts {
        private static final double NANOS_PER_MILLI = 1e6;

        private final Durations successes = new Durations();
        private final Durations failures = new Durations();
        private final Durations queue = new Durations();
        private final Durations features = new Durations();
        private final Durations compute = new Durations();
        private final LongAdder rows = new LongAdder();
        private final DoubleAdder runs = new DoubleAdder();
        private final Map<Integer, Runs> byBatchSize = new ConcurrentHashMap<>();
        private volatile long lastMillis;

        private void succeeded(long itsRows, long nanos, Timings timings) {
            successes.add((double) nanos);
            queue.add(timings.queueMs() * NANOS_PER_MILLI);
            features.add(timings.featuresMs() * NANOS_PER_MILLI);
            compute.add(timings.computeMs() * NANOS_PER_MILLI);
            rows.add(itsRows);
            double share = (double) itsRows / Math.max(1, timings.batchSize());
            runs.add(share);
            Runs ofSize = byBatchSize.computeIfAbsent(timings.batchSize(), first -> new Runs());
            ofSize.runs.add(share);
            ofSize.nanos.add(share * timings.computeMs() * NANOS_PER_MILLI);
        }

        public Durations successes() {
            return successes;
        }

        /** Calls that failed, expired, were cancelled, or had no reply by their deadline. */
        public Durations failures() {
            return failures;
        }

        public Durations queue() {
            return queue;
        }

        /** The lookups of features. */
        public Durations features() {
            return features;
        }

        public Durations compute() {
            return compute;
        }

        public long rows() {
            return rows.sum();
        }

        /** The runs in which the calls had a share. */
        public long runs() {
            return Math.round(runs.sum());
        }

        /** By the rows of the batch. */
        public Map<Integer, Runs> byBatchSize() {
            return Map.copyOf(byBatchSize);
        }

        /** When the last call was answered, in milliseconds since the epoch; 0 before the first. */
        public long lastMillis() {
            return lastMillis;
        }
    }
}
