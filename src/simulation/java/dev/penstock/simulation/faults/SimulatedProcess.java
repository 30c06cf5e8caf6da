package dev.penstock.simulation.faults;

import dev.penstock.threads.Time;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A process that can be frozen, killed, and cut off from the brokers. All that happens in it is an event, or runs in a {@link Strand}. */
final class SimulatedProcess implements Time {
    final String name;
    private final VirtualTime time;
    private final List<Runnable> held = new ArrayList<>();
    private final List<Parked> parked = new ArrayList<>();
    private final List<Strand> strands = new ArrayList<>();
    private Runnable afterEach = () -> {};
    private @Nullable Strand running;
    private boolean isDead;
    private boolean isFrozen;
    private boolean isCut;
    private double lossOfReplies;

    /** When it was last frozen or cut off; what lay in its buffers then may go out later. */
    private long disturbedNanos = Long.MIN_VALUE;

    /** A strand that waits. */
    private static final class Parked {
        private final Strand strand;
        private final BooleanSupplier isDone;

        Parked(Strand strand, BooleanSupplier isDone) {
            this.strand = strand;
            this.isDone = isDone;
        }
    }

    SimulatedProcess(String name, VirtualTime time) {
        this.name = name;
        this.time = time;
    }

    /** @param hook runs after each event of this process */
    void afterEach(Runnable hook) {
        afterEach = hook;
    }

    @Override
    public long nanos() {
        return time.nanos();
    }

    @Override
    public long millis() {
        return time.millis();
    }

    @Override
    public void park(Object blocker, long nanos) {
        await(() -> false, nanos);
    }

    /** Lets the running strand wait. Returns whether it is done. */
    boolean await(BooleanSupplier isDone, long nanos) {
        Strand strand = running;
        if (strand == null) {
            throw new IllegalStateException("only a strand can wait");
        }
        strand.throwIfKilled();
        long until = nanos() + nanos;
        while (!isDone.getAsBoolean() && nanos() < until) {
            Parked here = new Parked(strand, isDone);
            parked.add(here);
            after(until - nanos(), () -> unpark(here));
            running = null;
            strand.pause();
            running = strand;
        }
        return isDone.getAsBoolean();
    }

    private void unpark(Parked which) {
        if (parked.remove(which)) {
            run(which.strand);
        }
    }

    /** Lets the strands go on whose wait is over. */
    void signal() {
        parked.stream().filter(each -> each.isDone.getAsBoolean()).forEach(each -> after(0, () -> unpark(each)));
    }

    /** Starts a thread. */
    void start(Runnable body) {
        Strand strand = new Strand(body);
        strands.removeIf(Strand::isEnded);
        strands.add(strand);
        after(0, () -> run(strand));
    }

    private void run(Strand strand) {
        running = strand;
        try {
            strand.go();
        } finally {
            running = null;
        }
    }

    /** An event of this process. */
    void after(long nanos, Runnable action) {
        time.after(nanos, () -> happen(action));
    }

    private void happen(Runnable action) {
        if (isDead) {
            return;
        }
        if (isFrozen) {
            held.add(action);
            return;
        }
        action.run();
        if (!isDead) {
            afterEach.run();
        }
    }

    void freeze() {
        isFrozen = true;
        disturb();
    }

    void resume() {
        if (isFrozen) {
            disturb();
            isFrozen = false;
            List<Runnable> missed = List.copyOf(held);
            held.clear();
            missed.forEach(this::happen);
        }
    }

    void kill() {
        if (!isDead) {
            isDead = true;
            end();
        }
    }

    /** Ends the threads; at the end of a simulation too. */
    void end() {
        isDead = true;
        parked.clear();
        for (Strand strand : List.copyOf(strands)) {
            running = strand;
            strand.kill();
        }
        running = null;
    }

    void cut() {
        isCut = true;
        disturb();
    }

    void connect() {
        if (isCut || lossOfReplies > 0) {
            disturb();
        }
        isCut = false;
        lossOfReplies = 0;
    }

    void loseReplies(double share) {
        lossOfReplies = share;
        disturb();
    }

    /** Its way to the brokers is not as it should be. */
    void disturb() {
        disturbedNanos = nanos();
    }

    boolean isDead() {
        return isDead;
    }

    boolean isFrozen() {
        return isFrozen;
    }

    boolean isCut() {
        return isCut;
    }

    double lossOfReplies() {
        return lossOfReplies;
    }

    /** Whether it was frozen or cut off since then, or is. */
    boolean isDisturbedSince(long sinceNanos) {
        return isFrozen || isCut || lossOfReplies > 0 || disturbedNanos > sinceNanos;
    }
}
