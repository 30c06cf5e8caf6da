package dev.penstock.simulation;

import dev.penstock.batching.Window;
import java.util.List;
import java.util.Random;

/**
 * A world to simulate. Everything that happens in it follows from it.
 *
 * @param fixedNanos what a run costs whatever its size; each row costs {@code rowNanos} more
 * @param noise the spread of a run's time: 0.1 is a tenth either way
 * @param workers each with partitions of its own; {@code sessions} of each share them
 * @param bulkShare the part of the requests that is bulk
 * @param timeoutNanos deadlines are up to as much later than arrival, but at least a fifth of it
 * @param maxOpen of a worker, as in {@code penstock.worker.max-open-requests}
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
        Faults faults) {

    private static final List<Trace> TRACES = List.of(Trace.values());

    /**
     * @param badRequests the part of the requests that fail the batch they are in
     * @param slowRuns the part of the runs that take thirty times as long
     * @param memoryRows the rows above which a run is out of memory
     */
    record Faults(double badRequests, double slowRuns, int memoryRows) {
        static final Faults NONE = new Faults(0, 0, Integer.MAX_VALUE);
    }

    /** A small world with all kinds of trouble. */
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
                faults);
    }

    double runNanos(int rows) {
        return fixedNanos + rowNanos * rows;
    }

    /** Rows per second of all sessions in full batches. */
    double capacity() {
        return (double) workers * sessions * maxBatchSize * 1e9 / runNanos(maxBatchSize);
    }
}
