package dev.penstock.ledger;

/** The way by which a request reaches the service. */
public enum Door {
    /** A synchronous REST call. */
    SYNC("sync"),
    /** A REST call with {@code Prefer: respond-async}, and polls. */
    ASYNC("async"),
    /** A record on the request topic, and a reply topic of our own. */
    KAFKA("kafka");

    private final String label;

    Door(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }
}
