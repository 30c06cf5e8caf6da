package dev.penstock.worker.intake.rules;

import dev.penstock.protocol.Lane;
import dev.penstock.worker.accepted.OpenWork;
import java.util.EnumSet;
import java.util.Set;

/**
 * Decides which lanes to hold back, so that open work stays within a limit. Both lanes are held back at the limit. Bulk is held back
 * already at half of it, so that a flood of bulk work never keeps interactive work out. Confined to the consumer's thread.
 */
public final class Backpressure {
    private static final double BULK_SHARE = 0.5;

    /** A lane resumes at this share of its limit. The gap keeps partitions from pausing and resuming at every poll. */
    private static final double RESUME_SHARE = 0.75;

    private final OpenWork.Amount limit;
    private final Set<Lane> held = EnumSet.noneOf(Lane.class);

    public Backpressure(OpenWork.Amount limit) {
        this.limit = limit;
    }

    /** The lanes to hold back from now on. */
    public Set<Lane> held(OpenWork.Amount interactive, OpenWork.Amount bulk) {
        OpenWork.Amount all = interactive.plus(bulk);
        hold(Lane.INTERACTIVE, all.reaches(1, limit), all.reaches(RESUME_SHARE, limit));
        hold(
                Lane.BULK,
                all.reaches(1, limit) || bulk.reaches(BULK_SHARE, limit),
                all.reaches(RESUME_SHARE, limit) || bulk.reaches(RESUME_SHARE * BULK_SHARE, limit));
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
