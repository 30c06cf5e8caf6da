package dev.penstock.tenants.quota;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Tokens taken from the shared bucket ahead of need. Tokens expire, and the oldest are used first. The unused tokens of all ingresses
 * together therefore never exceed what the bucket refills in one lease time. Not thread-safe.
 */
final class LeasedTokens {
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

    /** Reports no shortage until tokens are added: more are requested already. */
    void refillRequested() {
        enough = 0;
    }

    /** Adds tokens that expire at {@code untilNanos}. The lease is low when it falls below half of the total after this call. */
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

    /** Takes tokens; there must be as many. */
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
