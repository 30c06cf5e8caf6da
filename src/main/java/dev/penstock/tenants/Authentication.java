package dev.penstock.tenants;

/** The result of checking a credential. Reasons are sent to the caller. */
public sealed interface Authentication {
    /** The credential belongs to this tenant. */
    record Succeeded(Tenant tenant) implements Authentication {}

    /** The credential is invalid. */
    record InvalidCredential(String reason) implements Authentication {}

    /** The credential is valid, but names no tenant of this service. */
    record UnknownTenant(String reason) implements Authentication {}

    /** The credential cannot be checked now: the provider is unreachable, or too many checks are waiting. */
    record Unavailable(String reason) implements Authentication {}
}
