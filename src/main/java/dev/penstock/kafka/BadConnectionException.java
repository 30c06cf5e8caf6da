package dev.penstock.kafka;

/** Kafka refuses this process's connection, and will until the configuration is changed. The message is one line for the operator. */
public final class BadConnectionException extends Exception {
    private static final long serialVersionUID = 1;

    BadConnectionException(String message) {
        super(message);
    }
}
