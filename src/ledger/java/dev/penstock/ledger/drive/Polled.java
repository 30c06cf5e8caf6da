package dev.penstock.ledger.drive;

import dev.penstock.ledger.Sighting;

/** The meaning of the answer to a poll. */
sealed interface Polled {

    /** An outcome. */
    record Outcome(Sighting sighting) implements Polled {}

    /** No outcome yet. */
    record Pending() implements Polled {}

    /** No such request (404), or its outcome is no longer kept (410). */
    record Missing(int code) implements Polled {}

    /** The service cannot say at the moment. */
    record Unavailable(int code) implements Polled {}
}
