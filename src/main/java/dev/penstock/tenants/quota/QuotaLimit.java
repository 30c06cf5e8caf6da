package dev.penstock.tenants.quota;

/** What of a quota can be used up. The label names the policy in {@code RateLimit} fields, and the reason of a refusal in metrics. */
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
