package dev.penstock.cli.command;

/** Options contradict each other. The message names them and the rule. */
public final class UsageException extends RuntimeException {
    public UsageException(String message) {
        super(message);
    }
}
