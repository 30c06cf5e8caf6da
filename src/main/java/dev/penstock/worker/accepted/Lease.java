package dev.penstock.worker.accepted;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The time for which this worker surely owns its partitions. Each commit that the broker accepts proves that it still did, and renews the
 * lease for half the session timeout from when the commit was sent: the broker gives the partitions to another worker only after the whole
 * timeout. A worker that was frozen or cut off wakes up without a lease.
 *
 * <p>{@link #await} is called from any thread. The rest is confined to the consumer's thread.
 */
public final class Lease {
    private final long termNanos;
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    private volatile long sinceNanos;

    public Lease(Duration term, long nowNanos) {
        this.termNanos = term.toNanos();
        this.sinceNanos = nowNanos;
    }

    /** Runs {@code then} now if the lease holds. Otherwise it runs once the lease is renewed, on the consumer's thread. */
    void await(long nowNanos, Runnable then) {
        if (holds(nowNanos)) {
            then.run();
        } else {
            waiting.add(then);
        }
    }

    /** @param sentNanos when the commit was sent that the broker has accepted */
    public void renew(long sentNanos) {
        if (sentNanos - sinceNanos > 0) {
            sinceNanos = sentNanos;
        }
    }

    /** Whether something waits for the lease, so that it should be renewed now. */
    public boolean isAwaited() {
        return !waiting.isEmpty();
    }

    /** Runs the waiting replies, if the lease holds. */
    public void release(long nowNanos) {
        if (holds(nowNanos)) {
            for (Runnable next = waiting.poll(); next != null; next = waiting.poll()) {
                next.run();
            }
        }
    }

    private boolean holds(long nowNanos) {
        return nowNanos - sinceNanos < termNanos;
    }
}
