package dev.penstock.messages;

import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;

/** How a request ended. Every accepted request ends in exactly one of these. */
public sealed interface Outcome {

    /** The model answered; a v2 response. */
    record Succeeded(Payload response) implements Outcome {}

    /** It cannot be answered, and this is why. */
    record Failed(Problem problem) implements Outcome {}

    /** Its deadline passed before it ran. */
    record Expired() implements Outcome {}

    /** Whoever sent it took it back. */
    record Cancelled() implements Outcome {}

    /** The name in headers, status documents and labels. */
    default String status() {
        return switch (this) {
            case Succeeded succeeded -> "succeeded";
            case Failed failed -> "failed";
            case Expired expired -> "expired";
            case Cancelled cancelled -> "cancelled";
        };
    }
}
