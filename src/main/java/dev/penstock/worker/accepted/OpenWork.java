package dev.penstock.worker.accepted;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the accepted records that are not settled yet. Thread-safe. */
public final class OpenWork {
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger rows = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();

    void add(int moreRequests, int moreRows, long moreBytes) {
        requests.addAndGet(moreRequests);
        rows.addAndGet(moreRows);
        bytes.addAndGet(moreBytes);
    }

    Amount amount() {
        return new Amount(requests.get(), rows.get(), bytes.get());
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
