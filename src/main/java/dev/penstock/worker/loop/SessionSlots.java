package dev.penstock.worker.loop;

import dev.penstock.batching.Room;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;

/** The slots of one session, and an estimate of when the session is free. Confined to the loop's thread. */
final class SessionSlots {
    /**
     * The time that a thread may need to wake up. A batch is closed that much before its turn, so that it is ready in time. For short
     * runs it is half of the run: closing the next batch any earlier would make batches small.
     */
    private static final double WAKE_NANOS = 100_000;

    private final Deque<Accelerator> free;
    private final Deque<Planned> busy = new ArrayDeque<>();
    private long freeAt;
    private double assemblyNanos;

    SessionSlots(Collection<? extends Accelerator> slots) {
        this.free = new ArrayDeque<>(slots);
    }

    boolean hasFreeSlot() {
        return !free.isEmpty();
    }

    boolean isIdle() {
        return busy.isEmpty();
    }

    Room room(long now) {
        if (busy.isEmpty()) {
            return Room.idle(now);
        }
        double spread = 0;
        for (Planned batch : busy) {
            spread += batch.p95Nanos - batch.expectedNanos;
        }
        double wake = Math.min(WAKE_NANOS, busy.getFirst().expectedNanos / 2);
        long lead = (long) (wake + 2 * assemblyNanos);
        return new Room(freeAt, freeAt + (long) spread, lead);
    }

    /** An idle session is free before a busy one, whatever the estimates say. */
    boolean isFreeBefore(SessionSlots other, long now) {
        if (isIdle() || other.isIdle()) {
            return !other.isIdle();
        }
        return room(now).freeAtNanos() - other.room(now).freeAtNanos() < 0;
    }

    Accelerator take(long now, double expectedNanos, double p95Nanos) {
        Accelerator taken = free.removeFirst();
        freeAt = (busy.isEmpty() || freeAt - now < 0 ? now : freeAt) + (long) expectedNanos;
        busy.add(new Planned(taken, expectedNanos, p95Nanos));
        return taken;
    }

    void giveBack(Accelerator accelerator, long now) {
        busy.removeIf(batch -> batch.accelerator.equals(accelerator));
        freeAt = now;
        for (Planned next : busy) {
            freeAt += (long) next.expectedNanos; // it has just started
        }
        free.addFirst(accelerator);
    }

    void assembled(long nanos) {
        assemblyNanos += (nanos - assemblyNanos) / 16;
    }

    private record Planned(Accelerator accelerator, double expectedNanos, double p95Nanos) {}
}
