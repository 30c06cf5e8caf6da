package dev.penstock.tenants.quota;

/** The limits of a quota. The label names the policy in {@code RateLimit} fields, and is the {@code reason} tag of refusals in metrics. */
public enum QuotaLimit {
    REQUESTS("requests"),
    ROWS("rows"),
    OPEN_REQUESTS("open-requests");

    private final String label;

    QuotaLimit(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }
}
