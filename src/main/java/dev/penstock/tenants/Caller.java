package dev.penstock.tenants;

/** The result of checking a credential. Reasons are sent to the caller. */
public sealed interface Caller {
    record Known(Tenant tenant) implements Caller {}

    /** The credential is invalid. */
    record Unknown(String reason) implements Caller {}

    /** The credential is valid, but names no tenant of this service. */
    record Stranger(String reason) implements Caller {}

    /** The credential cannot be checked now: the provider does not answer. */
    record Undecided(String reason) implements Caller {}
}
