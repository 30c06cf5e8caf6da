package dev.penstock.model;

/** A model cannot be loaded now, for a reason outside this process. Another try may succeed. */
public final class ModelAwayException extends Exception {
    public ModelAwayException(String reason) {
        super(reason);
    }

    public ModelAwayException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
