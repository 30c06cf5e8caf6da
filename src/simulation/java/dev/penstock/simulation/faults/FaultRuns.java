package dev.penstock.simulation.faults;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Runs seeds one after the other, and sums up what happened. */
public final class FaultRuns {
    private final Map<Fault, Integer> struck = new EnumMap<>(Fault.class);
    private long seeds;
    private long requests;
    private long secondReplies;
    private long toleratedReplies;
    private double longestRecoverySeconds;

    /**
     * Simulates one seed.
     *
     * @throws AssertionError when a promise is broken; says how to see what happened
     */
    public void run(long seed) {
        try {
            FaultSimulation.Result result = quietly(() -> new FaultSimulation(seed, false).run());
            seeds++;
            requests += result.requests();
            secondReplies += result.secondReplies();
            toleratedReplies += result.toleratedReplies();
            longestRecoverySeconds = Math.max(longestRecoverySeconds, result.recoveryNanos() / 1e9);
            result.struck().forEach((fault, times) -> struck.merge(fault, times, Integer::sum));
        } catch (AssertionError | RuntimeException broken) {
            throw new AssertionError(
                    "seed " + seed + ": " + broken.getMessage()
                            + "; see what happened by ./penstock simulate --faults --seed " + seed,
                    broken);
        }
    }

    /** @param text what happened under a seed, line by line, and how it ended */
    public record Timeline(String text, boolean isBroken) {}

    public static Timeline timeline(long seed) {
        FaultSimulation simulation = new FaultSimulation(seed, true);
        try {
            FaultSimulation.Result result = quietly(simulation::run);
            return new Timeline(simulation.timeline() + "all promises are kept: " + result, false);
        } catch (AssertionError | RuntimeException broken) {
            return new Timeline(simulation.timeline() + "broken: " + broken.getMessage(), true);
        }
    }

    /** Whether every kind of fault struck at least once. */
    public boolean allStruck() {
        return struck.keySet().size() == Fault.values().length;
    }

    @Override
    public String toString() {
        return "%d seeds, %d requests, faults %s, %d second replies that nobody sees, %d second replies to other systems by known limits, recovery at most %.1f s"
                .formatted(seeds, requests, struck, secondReplies, toleratedReplies, longestRecoverySeconds);
    }

    /**
     * The workers would log thousands of troubles. Runs on a virtual thread, because then changing to the thread of a worker and back is
     * cheap.
     */
    private static <T> T quietly(Supplier<T> simulation) {
        Logger logger = Logger.getLogger("dev.penstock");
        Level before = logger.getLevel();
        logger.setLevel(Level.OFF);
        try {
            CompletableFuture<T> result = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> {
                try {
                    result.complete(simulation.get());
                } catch (Throwable broken) {
                    result.completeExceptionally(broken);
                }
            });
            return result.join();
        } catch (CompletionException broken) {
            if (broken.getCause() instanceof AssertionError promise) {
                throw promise;
            }
            throw broken;
        } finally {
            logger.setLevel(before);
        }
    }
}
