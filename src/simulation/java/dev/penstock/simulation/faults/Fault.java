package dev.penstock.simulation.faults;

/** What breaks in a simulation. */
enum Fault {
    /** A worker ends at once; another starts. */
    WORKER_KILLED,
    /** A worker stands still, perhaps until its partitions are another's, and goes on. */
    WORKER_FROZEN,
    /** A worker stops in order; another starts. */
    WORKER_STOPPED,
    /** One more worker joins for a while. */
    WORKER_ADDED,
    /** A worker and the brokers do not hear each other. */
    WORKER_CUT_OFF,
    /** The brokers hear a worker, and half of their answers are lost: to commits, to replies, to heartbeats. */
    ANSWERS_LOST,
    /** Partitions move between workers again and again. */
    REBALANCES,
    /** The brokers stand still. What was sent to them arrives later. */
    BROKERS_FROZEN,
    /** All workers end; their offsets go back and lose their notes; others start. */
    OFFSETS_RESET
}
