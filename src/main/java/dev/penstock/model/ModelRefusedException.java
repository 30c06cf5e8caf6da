package dev.penstock.model;

/** A model that cannot be served, and why, for the eyes of whoever put it there. */
public final class ModelRefusedException extends Exception {
    private final String reason;

    public ModelRefusedException(String reason) {
        super(reason);
        this.reason = reason;
    }

    public ModelRefusedException(String reason, Throwable cause) {
        super(reason, cause);
        this.reason = reason;
    }

    public String reason() {
        return reason;
    }
}
