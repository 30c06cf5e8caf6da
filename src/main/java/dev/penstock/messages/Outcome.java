package dev.penstock.messages;

import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import java.util.Set;

/** The outcome of a request. Every accepted request reaches exactly one. */
public sealed interface Outcome {
    /** The names of all outcomes, see {@link #status()}. */
    Set<String> STATUSES = Set.of("succeeded", "failed", "expired", "cancelled");

    /** The model ran. Carries the v2 response. */
    record Succeeded(Payload response) implements Outcome {}

    /** The request failed. Carries the reason. */
    record Failed(Problem problem) implements Outcome {}

    /** The deadline passed before the request ran. */
    record Expired() implements Outcome {}

    /** The caller cancelled the request. */
    record Cancelled() implements Outcome {}

    /** The name in headers, status documents and metric labels. */
    default String status() {
        return switch (this) {
            case Succeeded succeeded -> "succeeded";
            case Failed failed -> "failed";
            case Expired expired -> "expired";
            case Cancelled cancelled -> "cancelled";
        };
    }
}
