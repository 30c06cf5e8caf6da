package dev.penstock.batching;

/** Who goes first. */
public enum Priority {
    /** Somebody waits: served first. */
    INTERACTIVE,
    /** Fills what interactive work leaves, and is guaranteed {@link BatchPolicy#bulkFloor}. */
    BULK
}
