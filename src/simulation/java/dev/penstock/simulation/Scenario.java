package dev.penstock.simulation;

import dev.penstock.batching.Window;
import java.util.List;
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
        Window window,
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
        Window window = switch (random.nextInt(4)) {
            case 0 -> Window.fixed((long) (fixed * 4 * random.nextDouble()));
            case 1 -> Window.adaptive().atMost((long) (fixed * random.nextDouble()));
            default -> Window.adaptive();
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
}
