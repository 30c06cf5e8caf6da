package dev.penstock.tenants.quota;

/** The decision of a quota about one request. */
public sealed interface QuotaDecision {
    record Admitted(RemainingQuota left) implements QuotaDecision {}

    /**
     * The quota is used up for now.
     *
     * @param limit the limit that is used up
     * @param retryAfterSeconds when the quota can admit the request
     */
    record Exceeded(QuotaLimit limit, int retryAfterSeconds) implements QuotaDecision {}

    /** The request can never pass: it has more rows than the row bucket holds. */
    record TooManyRows(long most) implements QuotaDecision {}
}
