package dev.penstock.local;

/** A local part cannot start; the message is one line for the person who typed the command. */
public final class CannotStartException extends RuntimeException {

    public CannotStartException(String message) {
        super(message);
    }

    public CannotStartException(String message, Throwable cause) {
        super(message, cause);
    }
}
