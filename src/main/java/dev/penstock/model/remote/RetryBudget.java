package dev.penstock.model.remote;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Grants repetitions for a tenth of the calls, and {@value #AT_FIRST} more that it saves: a repetition of each call would double the
 * load of a centre that is in trouble. Thread-safe.
 */
final class RetryBudget {
    private static final int CALLS_EACH = 10;
    private static final int AT_FIRST = 10;
    private static final int MOST = AT_FIRST * CALLS_EACH;

    /** In calls; a repetition costs {@link #CALLS_EACH}. */
    private final AtomicInteger saved = new AtomicInteger(MOST);

    void called() {
        saved.updateAndGet(calls -> Math.min(MOST, calls + 1));
    }

    boolean isGranted() {
        return saved.getAndUpdate(calls -> calls < CALLS_EACH ? calls : calls - CALLS_EACH) >= CALLS_EACH;
    }
}
