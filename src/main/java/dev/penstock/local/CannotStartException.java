package dev.penstock.local;

/** An embedded server cannot start. The message is one line for the person at the terminal. */
public final class CannotStartException extends RuntimeException {

    public CannotStartException(String message) {
        super(message);
    }

    public CannotStartException(String message, Throwable cause) {
        super(message, cause);
    }
}
