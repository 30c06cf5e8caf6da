package dev.penstock.tenants;

/** Whom a credential belongs to. Reasons are for the caller's eyes. */
public sealed interface Caller {
    record Known(Tenant tenant) implements Caller {}

    /** The credential is good for nothing. */
    record Unknown(String reason) implements Caller {}

    /** The credential is good, but not here. */
    record Stranger(String reason) implements Caller {}

    /** What could tell does not answer. */
    record Undecided(String reason) implements Caller {}
}
