package dev.penstock.batching;

/** The reason that a batch runs now. Also the metric's label. */
public enum Trigger {
    /** It holds as many rows as it may. */
    FULL,
    /** Its oldest member has waited for the whole window. */
    DELAY,
    /** The deadline of a member leaves no time to wait for more requests. */
    DEADLINE,
    /** The worker is stopping, so no more requests will come. */
    DRAIN
}
