package dev.penstock.ingress.submit;

import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.Timings;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
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

    /** The counts of a version as they are now; all 0 if it was never called. */
    public Counts of(String model, String version) {
        return byVersion
                .getOrDefault(model, Map.of())
                .getOrDefault(version, new Counts())
                .copy();
    }

    /**
     * Counts an accepted call.
     *
     * @param reply empty if none came by the deadline
     * @param nanos from the call having been read to its answer
     */
    void took(String model, String version, long rows, Optional<Reply> reply, long nanos) {
        Counts counts = counts(model, version);
        if (reply.isPresent() && reply.get().outcome() instanceof Outcome.Succeeded) {
            counts.succeeded(epochMillis.getAsLong(), rows, nanos, reply.get().timings());
        } else {
            counts.failed(epochMillis.getAsLong(), nanos);
        }
    }

    private Counts counts(String model, String version) {
        Counts known = byVersion.getOrDefault(model, Map.of()).get(version);
        return known != null
                ? known
                : byVersion
                        .computeIfAbsent(model, first -> new ConcurrentHashMap<>())
                        .computeIfAbsent(version, first -> new Counts());
    }

    /** How often something happened, and how long it took in all. */
    public static final class Durations {
        private long count;
        private double nanos;

        private void add(double took) {
            count++;
            nanos += took;
        }

        private void add(Durations others) {
            count += others.count;
            nanos += others.nanos;
        }

        public long count() {
            return count;
        }

        public long nanos() {
            return Math.round(nanos);
        }
    }

    /** The runs of batches of one size. A call has a share in a run: its rows in those of the batch. */
    public static final class Runs {
        private double runs;
        private double nanos;

        private void add(double share, double took) {
            runs += share;
            nanos += took;
        }

        public long count() {
            return Math.round(runs);
        }

        public long nanos() {
            return Math.round(nanos);
        }
    }

    /** The counts of one version. Its methods are synchronized where calls come; readers have a copy. */
    public static final class Counts {
        private static final double NANOS_PER_MILLI = 1e6;

        private final Durations successes = new Durations();
        private final Durations failures = new Durations();
        private final Durations queue = new Durations();
        private final Durations features = new Durations();
        private final Durations compute = new Durations();
        private final Map<Integer, Runs> byBatchSize = new HashMap<>();
        private long rows;
        private double runs;
        private long lastMillis;

        private synchronized void succeeded(long atMillis, long itsRows, long nanos, Timings timings) {
            lastMillis = atMillis;
            successes.add((double) nanos);
            queue.add(timings.queueMs() * NANOS_PER_MILLI);
            features.add(timings.featuresMs() * NANOS_PER_MILLI);
            compute.add(timings.computeMs() * NANOS_PER_MILLI);
            rows += itsRows;
            double share = (double) itsRows / Math.max(1, timings.batchSize());
            runs += share;
            byBatchSize
                    .computeIfAbsent(timings.batchSize(), first -> new Runs())
                    .add(share, share * timings.computeMs() * NANOS_PER_MILLI);
        }

        private synchronized void failed(long atMillis, long nanos) {
            lastMillis = atMillis;
            failures.add((double) nanos);
        }

        private synchronized Counts copy() {
            Counts copy = new Counts();
            copy.successes.add(successes);
            copy.failures.add(failures);
            copy.queue.add(queue);
            copy.features.add(features);
            copy.compute.add(compute);
            byBatchSize.forEach((size, its) ->
                    copy.byBatchSize.computeIfAbsent(size, first -> new Runs()).add(its.runs, its.nanos));
            copy.rows = rows;
            copy.runs = runs;
            copy.lastMillis = lastMillis;
            return copy;
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
            return rows;
        }

        /** The runs in which the calls had a share. */
        public long runs() {
            return Math.round(runs);
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
