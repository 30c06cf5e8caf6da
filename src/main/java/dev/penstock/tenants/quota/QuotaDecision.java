package dev.penstock.tenants.quota;

/** Whether a quota lets a request in. */
public sealed interface QuotaDecision {
    record Admitted(QuotaLeft left) implements QuotaDecision {}

    /**
     * Not now.
     *
     * @param limit that is used up
     * @param retryAfterSeconds when there is a place for it
     */
    record Refused(QuotaLimit limit, int retryAfterSeconds) implements QuotaDecision {}

    /** Not ever: it has more rows than the bucket of rows holds. */
    record TooManyRows(long most) implements QuotaDecision {}
}
