package dev.penstock.worker.loop;

import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.batching.Part;
import dev.penstock.protocol.Problem;
import dev.penstock.threads.LoopThread;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Sessions that can run each other's batches, with what their runs cost, and the requests that wait for them. Confined to the loop's thread. */
public final class Site {
    /** A distant site may be faster than it was. */
    private static final long KNOWN_NANOS = 10_000_000_000L;

    private final Kind kind;
    private final Map<String, Object> remarks;
    private final Batcher<Task> batcher;
    private final List<SessionSlots> sessions;
    private final Optional<InFlight> inFlight;
    private final Deque<List<Part<Task>>> halves = new ArrayDeque<>();
    private final Outage outage = new Outage();
    private boolean hasRun;
    private long lastRun;

    /** What the sessions are for. */
    public enum Kind {
        /** They run all batches. */
        HOME,

        /** They run what would wait too long at home. */
        OVERFLOW,

        /** They run what home cannot answer in time; they are of another model. */
        FALLBACK
    }

    private Site(
            Kind kind,
            Map<String, Object> remarks,
            Batcher<Task> batcher,
            Collection<? extends Collection<? extends Accelerator>> sessions,
            boolean isDistant) {
        this.kind = kind;
        this.remarks = remarks;
        this.batcher = batcher;
        this.sessions = sessions.stream().map(SessionSlots::new).toList();
        this.inFlight = isDistant ? Optional.of(new InFlight(this.sessions.size())) : Optional.empty();
    }

    /** @param sessions the slots of each session */
    public static Site home(Batcher<Task> batcher, Collection<? extends Collection<? extends Accelerator>> sessions) {
        return new Site(Kind.HOME, Map.of(), batcher, sessions, false);
    }

    /**
     * A centre.
     *
     * @param kind HOME or OVERFLOW
     * @param calls one slot for each call that may be made at once; how many are, is found out
     */
    public static Site centre(Kind kind, Batcher<Task> batcher, Collection<? extends Accelerator> calls) {
        return new Site(kind, Map.of(), batcher, calls.stream().map(List::of).toList(), true);
    }

    /**
     * @param model the one that the sessions run
     * @param sessions the slots of each session
     */
    public static Site fallback(
            String model, Batcher<Task> batcher, Collection<? extends Collection<? extends Accelerator>> sessions) {
        return new Site(Kind.FALLBACK, Map.of("fallback", true, "served_by", model), batcher, sessions, false);
    }

    Kind kind() {
        return kind;
    }

    /** What an answer says of the model that ran in the place of the one that was asked for. */
    Map<String, Object> remarks() {
        return remarks;
    }

    Batcher<Task> batcher() {
        return batcher;
    }

    CostModel costs() {
        return batcher.costs();
    }

    /** The halves of batches that failed. They run before all that waits. */
    Deque<List<Part<Task>>> halves() {
        return halves;
    }

    Outage outage() {
        return outage;
    }

    /** Why nothing runs now; empty if something may. */
    Optional<Problem> heldUp(long now) {
        return outage.reason().filter(why -> !outage.allowsATry(now, isIdle()));
    }

    boolean isIdle() {
        for (SessionSlots session : sessions) {
            if (!session.isIdle()) {
                return false;
            }
        }
        return true;
    }

    boolean hasFreeSlot() {
        if (inFlight.isPresent() && running() >= inFlight.get().limit()) {
            return false;
        }
        for (SessionSlots session : sessions) {
            if (session.hasFreeSlot()) {
                return true;
            }
        }
        return false;
    }

    /** How many sessions run batches. */
    private int running() {
        int running = 0;
        for (SessionSlots session : sessions) {
            running += session.isIdle() ? 0 : 1;
        }
        return running;
    }

    /** A batch could not be run, whatever it holds. */
    void failed(Problem why, long now) {
        outage.failed(why, now);
        inFlight.ifPresent(InFlight::failed);
    }

    /** A batch has run, and still has its slot. */
    void ran(Object key, int rows, long nanos, long now) {
        outage.ended();
        if (inFlight.isPresent()) {
            double ofOneRow = hasRun ? costs().expectedNanos(key, 1) / costs().expectedNanos(key, rows) : 1;
            inFlight.get().ran(nanos * ofOneRow, running(), now);
        }
        costs().observe(key, rows, nanos);
        hasRun = true;
        lastRun = now;
    }

    /** Whether a batch has ended well since then. */
    boolean hasRunSince(long nanos) {
        return hasRun && lastRun - nanos > 0;
    }

    /** Whether it ran lately, so that what its runs cost is known. */
    boolean isKnown(long now) {
        return hasRun && now - lastRun < KNOWN_NANOS;
    }

    /** Of the sessions with a free slot, the one that runs the next batch first; empty if there is none, or nothing may run now. */
    Optional<SessionSlots> soonestFree(long now) {
        Optional<SessionSlots> soonest = Optional.empty();
        if (heldUp(now).isPresent() || !hasFreeSlot()) {
            return soonest;
        }
        for (SessionSlots session : sessions) {
            if (session.hasFreeSlot() && (soonest.isEmpty() || session.isFreeBefore(soonest.get(), now))) {
                soonest = Optional.of(session);
            }
        }
        return soonest;
    }

    /** The expected time until all that waits has run, in nanoseconds. */
    double backlogNanos(long now) {
        long free = Long.MAX_VALUE;
        for (SessionSlots session : sessions) {
            free = Math.min(free, Math.max(0, session.room(now).freeAtNanos() - now));
        }
        return free + batcher.backlogNanos(inFlight.map(InFlight::limit).orElse(sessions.size()));
    }

    /** Nanoseconds until the next try during an outage. */
    long rest(long now) {
        boolean isAwaited = isIdle() && (batcher.waitingRows() > 0 || !halves.isEmpty());
        return outage.reason().isPresent() && isAwaited ? outage.rest(now) : LoopThread.UNTIL_WOKEN;
    }
}
