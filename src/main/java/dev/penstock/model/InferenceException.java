package dev.penstock.model;

/** A batch that failed to run, with what the worker must know to go on. */
public final class InferenceException extends Exception {

    /** What the worker can do about it. */
    public enum Kind {
        /** This batch, or one of its rows, is at fault: others may run. */
        FAILED,
        /** Memory ran out: a smaller batch may run. */
        OUT_OF_MEMORY,
        /** The accelerator's context is broken for good: only a new process helps. */
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
