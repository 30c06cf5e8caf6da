package dev.penstock.batching;

/** Why a batch runs now; also the metric's label. */
public enum Trigger {
    /** It holds as many rows as fit. */
    FULL,
    /** Its oldest member has waited as long as it may. */
    DELAY,
    /** A member's deadline leaves no time to wait for company. */
    DEADLINE,
    /** Nothing more is coming: the worker is stopping. */
    DRAIN
}
