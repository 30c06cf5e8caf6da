package dev.penstock.ledger.drive;

import dev.penstock.ledger.Sighting;

/** The meaning of the answer to a call. */
sealed interface Heard {

    /** An outcome, of the request with this id. */
    record Outcome(String id, Sighting sighting) implements Heard {}

    /** 202. */
    record Accepted(String id) implements Heard {}

    /** 504: accepted, and without an outcome by the deadline. */
    record TimedOut(String id) implements Heard {}

    /** Not accepted. */
    record Refused(int code, boolean namesRetryAfter) implements Heard {}

    /** The request may or may not run. */
    record UnknownFate() implements Heard {}
}
