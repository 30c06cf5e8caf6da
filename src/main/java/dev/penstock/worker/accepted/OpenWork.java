package dev.penstock.worker.accepted;

import java.util.function.LongSupplier;

/** Counts the accepted records that are not settled yet, and the time in which there were some. Thread-safe. */
public final class OpenWork {
    private final LongSupplier nanoClock;
    private int requests;
    private int rows;
    private long bytes;
    private long beganNanos;
    private long pastNanos;

    OpenWork(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    synchronized void add(int moreRequests, int moreRows, long moreBytes) {
        boolean wasIdle = requests == 0;
        requests += moreRequests;
        rows += moreRows;
        bytes += moreBytes;
        if (wasIdle && requests > 0) {
            beganNanos = nanoClock.getAsLong();
        } else if (!wasIdle && requests == 0) {
            pastNanos += nanoClock.getAsLong() - beganNanos;
        }
    }

    synchronized Amount amount() {
        return new Amount(requests, rows, bytes);
    }

    /** For how long something was open, all in all. */
    synchronized long nanosAtWork() {
        return requests == 0 ? pastNanos : pastNanos + nanoClock.getAsLong() - beganNanos;
    }

    /** A number of requests, and their rows and bytes. */
    public record Amount(int requests, int rows, long bytes) {

        public Amount {
            if (requests < 0 || rows < 0 || bytes < 0) {
                throw new IllegalArgumentException(
                        "requests, rows and bytes must be 0 or more, were " + requests + ", " + rows + " and " + bytes);
            }
        }

        public Amount plus(Amount other) {
            return new Amount(requests + other.requests, rows + other.rows, bytes + other.bytes);
        }

        /** Whether at least one of the three reaches this share of {@code limit}. */
        public boolean reaches(double share, Amount limit) {
            return requests >= share * limit.requests || rows >= share * limit.rows || bytes >= share * limit.bytes;
        }
    }
}
