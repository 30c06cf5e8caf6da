package dev.penstock.tenants.quota;

import java.util.PriorityQueue;
import java.util.Queue;

/** Tokens taken from the shared bucket ahead of need. Tokens expire, and those that expire first are used first. Not thread-safe. */
final class LeasedTokens {
    private final Queue<Slice> slices = new PriorityQueue<>(LeasedTokens::byExpiry);
    private long left;
    private long enough;

    /** Nanoseconds have no origin, so that they are compared by their difference. */
    private static int byExpiry(Slice one, Slice other) {
        return Long.signum(one.untilNanos - other.untilNanos);
    }

    private static final class Slice {
        final long untilNanos;
        long tokens;

        Slice(long untilNanos, long tokens) {
            this.untilNanos = untilNanos;
            this.tokens = tokens;
        }
    }

    /** Reports no shortage until tokens are added: more are requested already. */
    void refillRequested() {
        enough = 0;
    }

    /** Adds tokens that expire at {@code untilNanos}. The lease is low when it falls below half of the total after this call. */
    void add(long tokens, long untilNanos) {
        if (tokens > 0) {
            slices.add(new Slice(untilNanos, tokens));
            left += tokens;
            enough = left / 2;
        }
    }

    long left(long now) {
        while (!slices.isEmpty() && slices.element().untilNanos - now <= 0) {
            left -= slices.remove().tokens;
        }
        return left;
    }

    boolean isLow(long now) {
        return left(now) < enough;
    }

    /** Takes tokens; there must be as many. */
    void take(long tokens) {
        left -= tokens;
        for (long due = tokens; due > 0; ) {
            Slice first = slices.element();
            long part = Math.min(due, first.tokens);
            first.tokens -= part;
            due -= part;
            if (first.tokens == 0) {
                slices.remove();
            }
        }
    }
}
