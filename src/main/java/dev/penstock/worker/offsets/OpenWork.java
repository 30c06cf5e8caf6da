package dev.penstock.worker.offsets;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What was taken off the log and is not yet settled. Thread-safe. */
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

    /** So many requests with so many rows and bytes. */
    public record Amount(int requests, int rows, long bytes) {

        public Amount {
            if (requests < 0 || rows < 0 || bytes < 0) {
                throw new IllegalArgumentException("amounts must be 0 or more, were " + requests + " requests, " + rows
                        + " rows and " + bytes + " bytes");
            }
        }

        public Amount plus(Amount other) {
            return new Amount(requests + other.requests, rows + other.rows, bytes + other.bytes);
        }

        /** Whether one of the three is as much as that share of {@code limit}. */
        public boolean reaches(double share, Amount limit) {
            return requests >= share * limit.requests || rows >= share * limit.rows || bytes >= share * limit.bytes;
        }
    }
}
