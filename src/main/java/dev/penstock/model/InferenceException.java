package dev.penstock.model;

/** A batch that could not be run. The kind decides how the worker continues. */
public final class InferenceException extends Exception {

    /** The kind of failure. */
    public enum Kind {
        /** This batch, or one of its rows, is at fault. Other batches may succeed. */
        FAILED,
        /** Memory ran out. A smaller batch may succeed. */
        OUT_OF_MEMORY,
        /** Nothing is wrong with the batch: what should run it cannot be reached, or does not answer as it must. Halves would fail, too. */
        UNAVAILABLE,
        /** The accelerator's context is permanently broken. Only a new process can recover. */
        DEVICE_LOST
    }

    private final Kind kind;

    public InferenceException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public InferenceException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
