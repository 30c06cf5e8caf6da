package dev.penstock.worker.intake;

import dev.penstock.protocol.Lane;
import dev.penstock.worker.offsets.OpenWork;
import java.util.EnumSet;
import java.util.Set;

/**
 * Decides which lanes to hold back, so that what is open stays within a limit: all of them when it is reached, and bulk already when
 * it has half of it to itself, so that a flood of bulk work never keeps interactive work out. Confined to the consumer's thread.
 */
public final class Backpressure {
    private static final double BULK_SHARE = 0.5;

    /** Of its limit, where a lane goes on: so much lower that partitions are not paused and resumed at every poll. */
    private static final double GO_ON = 0.75;

    private final OpenWork.Amount limit;
    private final Set<Lane> held = EnumSet.noneOf(Lane.class);

    public Backpressure(OpenWork.Amount limit) {
        this.limit = limit;
    }

    /** The lanes to hold back from now on. */
    public Set<Lane> held(OpenWork.Amount interactive, OpenWork.Amount bulk) {
        OpenWork.Amount all = interactive.plus(bulk);
        hold(Lane.INTERACTIVE, all.reaches(1, limit), all.reaches(GO_ON, limit));
        hold(
                Lane.BULK,
                all.reaches(1, limit) || bulk.reaches(BULK_SHARE, limit),
                all.reaches(GO_ON, limit) || bulk.reaches(GO_ON * BULK_SHARE, limit));
        return held;
    }

    private void hold(Lane lane, boolean isFull, boolean isNearlyFull) {
        if (isFull) {
            held.add(lane);
        } else if (!isNearlyFull) {
            held.remove(lane);
        }
    }
}
