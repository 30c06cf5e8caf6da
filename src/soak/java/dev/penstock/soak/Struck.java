package dev.penstock.soak;

import java.io.IOException;

/**
 * A fault that has struck.
 *
 * @param proof what shows that it did
 * @param healing ends the fault: what has ended is started again, and need not serve yet
 * @param settled what must come true after the healing, beside calls that succeed
 */
record Struck(String proof, Healing healing, Waiting.Condition settled) {

    /** Ends a fault. */
    interface Healing {
        void heal() throws IOException, InterruptedException;
    }

    static Struck of(String proof, Healing healing) {
        return new Struck(proof, healing, () -> true);
    }

    /** For a fault that ends by itself. */
    static Struck passing(String proof, Waiting.Condition settled) {
        return new Struck(proof, () -> {}, settled);
    }
}
