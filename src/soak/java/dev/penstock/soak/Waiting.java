package dev.penstock.soak;

import java.io.IOException;
import java.time.Duration;

/** Waits for conditions. */
final class Waiting {
    private static final Duration PAUSE = Duration.ofMillis(50);

    private Waiting() {}

    /** A condition whose check may block. */
    interface Condition {
        boolean holds() throws IOException, InterruptedException;
    }

    /** Returns whether the condition held within that time. A check that fails with an {@link IOException} does not hold. */
    static boolean until(Duration within, Condition condition) throws InterruptedException {
        long end = System.nanoTime() + within.toNanos();
        while (true) {
            try {
                if (condition.holds()) {
                    return true;
                }
            } catch (IOException notYet) {
                // Asked again.
            }
            if (System.nanoTime() - end > 0) {
                return false;
            }
            Thread.sleep(PAUSE);
        }
    }

    /** @throws NotStruckException when the condition does not hold within that time */
    static void prove(Duration within, String proof, Condition condition) throws InterruptedException {
        if (!until(within, condition)) {
            throw new NotStruckException("not within %d s: %s".formatted(within.toSeconds(), proof));
        }
    }
}
