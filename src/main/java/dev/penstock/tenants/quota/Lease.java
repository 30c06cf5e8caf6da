package dev.penstock.tenants.quota;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Tokens that were taken from the shared bucket ahead of need. Each may be used for a while only, and the oldest go first: so what many
 * ingresses hold unused together is never more than what the bucket has refilled in that while. Not thread-safe.
 */
final class Lease {
    private final Deque<Slice> slices = new ArrayDeque<>();
    private long left;
    private long enough;

    private static final class Slice {
        final long untilNanos;
        long tokens;

        Slice(long untilNanos, long tokens) {
            this.untilNanos = untilNanos;
            this.tokens = tokens;
        }
    }

    /** More is on its way, or is not needed. */
    void suffices() {
        enough = 0;
    }

    /** Below half of what there is then, it is time for more. */
    void add(long tokens, long untilNanos) {
        if (tokens > 0) {
            slices.addLast(new Slice(untilNanos, tokens));
            left += tokens;
            enough = left / 2;
        }
    }

    long left(long now) {
        while (!slices.isEmpty() && slices.getFirst().untilNanos - now <= 0) {
            left -= slices.removeFirst().tokens;
        }
        return left;
    }

    boolean isLow(long now) {
        return left(now) < enough;
    }

    /** At most what is left. */
    void take(long tokens) {
        left -= tokens;
        for (long due = tokens; due > 0; ) {
            Slice oldest = slices.getFirst();
            long part = Math.min(due, oldest.tokens);
            oldest.tokens -= part;
            due -= part;
            if (oldest.tokens == 0) {
                slices.removeFirst();
            }
        }
    }
}
