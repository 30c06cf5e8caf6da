package dev.penstock.simulation;

import dev.penstock.batching.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A world to simulate. Its seed decides everything that happens in it.
 *
 * @param fixedNanos the cost of a run of any size; each row costs {@code rowNanos} more
 * @param noise the spread of the run time: 0.1 is a tenth in either direction
 * @param workers each begins with one partition of each topic; its {@code sessions} share them
 * @param bulkShare the share of requests that are bulk
 * @param timeoutNanos a deadline is a fifth of this to all of this after arrival
 * @param maxOpen open requests per worker, as in {@code penstock.worker.max-open-requests}
 * @param moves how often partitions move from one worker to another
 */
record Scenario(
        long seed,
        Trace trace,
        double rowsPerSecond,
        int requests,
        double fixedNanos,
        double rowNanos,
        double noise,
        int workers,
        int sessions,
        int maxBatchSize,
        NamedWindow window,
        List<Integer> preferredSizes,
        double bulkShare,
        int keys,
        long timeoutNanos,
        int maxOpen,
        Faults faults,
        int moves) {

    private static final List<Trace> TRACES = List.of(Trace.values());

    /**
     * @param badRequests the share of requests that fail their batch
     * @param slowRuns the share of runs that take thirty times as long
     * @param memoryRows a run with more rows is out of memory
     */
    record Faults(double badRequests, double slowRuns, int memoryRows) {
        static final Faults NONE = new Faults(0, 0, Integer.MAX_VALUE);
    }

    /** A window, and what to call it: the same in each process. */
    record NamedWindow(String name, Window window) {
        static NamedWindow adaptive() {
            return new NamedWindow("adaptive", Window.adaptive());
        }

        static NamedWindow adaptiveAtMost(long nanos) {
            return new NamedWindow(
                    "adaptive, at most " + micros((double) nanos),
                    Window.adaptive().atMost(nanos));
        }

        static NamedWindow fixed(long nanos) {
            return new NamedWindow("always " + micros((double) nanos), Window.fixed(nanos));
        }
    }

    /** A small world of one worker, with all kinds of trouble. */
    static Scenario random(long seed, int requests) {
        Random random = new Random(seed * 0x9E3779B97F4A7C15L);
        double fixed = 20_000 * Math.exp(4 * random.nextDouble());
        double row = fixed * 0.3 * random.nextDouble();
        int ceiling = 1 << random.nextInt(7);
        int sessions = 1 + random.nextInt(2);
        double capacity = sessions * ceiling * 1e9 / (fixed + ceiling * row);
        Faults faults = random.nextInt(3) == 0
                ? Faults.NONE
                : new Faults(
                        0.05 * random.nextDouble(),
                        0.03 * random.nextDouble(),
                        random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(ceiling));
        NamedWindow window = switch (random.nextInt(4)) {
            case 0 -> NamedWindow.fixed((long) (fixed * 4 * random.nextDouble()));
            case 1 -> NamedWindow.adaptiveAtMost((long) (fixed * random.nextDouble()));
            default -> NamedWindow.adaptive();
        };
        return new Scenario(
                seed,
                TRACES.get(random.nextInt(TRACES.size())),
                capacity * (0.1 + 2 * random.nextDouble()),
                requests,
                fixed,
                row,
                0.2 * random.nextDouble(),
                1,
                sessions,
                ceiling,
                window,
                ceiling >= 4 && random.nextInt(4) == 0 ? List.of(ceiling / 2, ceiling) : List.of(),
                random.nextInt(3) == 0 ? 0 : random.nextDouble(),
                1 + random.nextInt(3),
                (long) (fixed * Math.exp(1 + 5 * random.nextDouble())),
                8 + random.nextInt(64),
                faults,
                0);
    }

    /** This world with several workers, among which partitions move. */
    Scenario shared(int moreWorkers, int moreMoves) {
        return new Scenario(
                seed,
                trace,
                rowsPerSecond,
                requests,
                fixedNanos,
                rowNanos,
                noise,
                moreWorkers,
                sessions,
                maxBatchSize,
                window,
                preferredSizes,
                bulkShare,
                keys,
                timeoutNanos,
                maxOpen,
                faults,
                moreMoves);
    }

    double runNanos(int rows) {
        return fixedNanos + rowNanos * rows;
    }

    /** Rows per second of all sessions in full batches. */
    double capacity() {
        return (double) workers * sessions * maxBatchSize * 1e9 / runNanos(maxBatchSize);
    }

    /** The world in lines for people. The same scenario gives the same lines in every process. */
    String text() {
        List<String> lines = new ArrayList<>();
        lines.add("seed %d: %,d requests, %s arrivals, %,.0f rows/s, which is %.0f %% of what full batches can do"
                .formatted(
                        seed,
                        requests,
                        trace.name().toLowerCase(Locale.ROOT),
                        rowsPerSecond,
                        100 * rowsPerSecond / capacity()));
        lines.add("a run takes %s and %s for each row, give or take %.0f %%"
                .formatted(micros(fixedNanos), micros(rowNanos), 100 * noise));
        lines.add("%s, %s; batches of up to %d rows; window: %s%s"
                .formatted(
                        counted(workers, "worker"),
                        counted(sessions, "session"),
                        maxBatchSize,
                        window.name,
                        preferredSizes.isEmpty() ? "" : "; preferred sizes " + preferredSizes));
        lines.add("%.0f %% of the requests are bulk; %s; deadlines of %s to %s; at most %s per worker"
                .formatted(
                        100 * bulkShare,
                        counted(keys, "batch key"),
                        micros(timeoutNanos / 5.0),
                        micros((double) timeoutNanos),
                        counted(maxOpen, "open request")));
        if (!faults.equals(Faults.NONE)) {
            lines.add("%.1f %% of the requests fail their batch; %.1f %% of the runs take thirty times as long; %s"
                    .formatted(
                            100 * faults.badRequests,
                            100 * faults.slowRuns,
                            faults.memoryRows == Integer.MAX_VALUE
                                    ? "memory suffices"
                                    : "memory runs out above " + counted(faults.memoryRows, "row")));
        }
        if (moves > 0) {
            lines.add("partitions move " + counted(moves, "time"));
        }
        return String.join("\n  ", lines);
    }

    private static String counted(int number, String what) {
        return "%,d %s%s".formatted(number, what, number == 1 ? "" : "s");
    }

    private static String micros(double nanos) {
        return nanos < 1e6 ? "%.1f µs".formatted(nanos / 1e3) : "%,.1f ms".formatted(nanos / 1e6);
    }
}
