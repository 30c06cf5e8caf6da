package dev.penstock.model;

/** A model cannot be served. The reason is written for the person who deployed the model. */
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
