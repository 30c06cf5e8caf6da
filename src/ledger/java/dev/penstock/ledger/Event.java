package dev.penstock.ledger;

/** An observation by a client. Requests have numbers: 0, 1, 2 and so on, in the order in which they are sent. */
public sealed interface Event {

    /** The time of the observation. All events of a run use one clock that never goes back. */
    long atMillis();

    /** A request is about to leave the client. */
    record Sent(int number, Door door, int input, long atMillis) implements Event {}

    /** The request never left the client: no connection could be made. */
    record NotSent(int number, long atMillis) implements Event {}

    /**
     * The service took the request: 202, an answer with a request id, or the broker's acknowledgement.
     *
     * @param id the request id, or the correlation id
     * @param deadlineMillis no deadline of the request can be later
     */
    record Accepted(int number, String id, long deadlineMillis, long atMillis) implements Event {}

    /** 504: the service took the request and had no outcome by the deadline. The id can be polled. */
    record TimedOut(int number, String id, long atMillis) implements Event {}

    /** The service did not take the request. */
    record Refused(int number, int code, boolean namesRetryAfter, long atMillis) implements Event {}

    /** The request may have been accepted. At most one outcome may become visible. */
    record InDoubt(int number, Doubt doubt, long atMillis) implements Event {}

    /** The reasons for doubt. */
    enum Doubt {
        /** The service answered that the request may or may not run. */
        UNKNOWN_FATE("unknown fate"),
        /** The connection broke, or the client waited in vain, after the request was sent. */
        CONNECTION_LOST("in doubt");

        private final String label;

        Doubt(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /** An outcome was visible. */
    record Seen(int number, Place place, Sighting sighting, long atMillis) implements Event {}

    /** A poll found no outcome yet. */
    record Pending(int number, Place place, long atMillis) implements Event {}

    /** A poll found that there is no such request (404) or that its outcome is no longer kept (410). */
    record Missing(int number, Place place, int code, long atMillis) implements Event {}

    /** Another tenant polled the request and got this status code. */
    record PolledByStranger(int number, Place place, int code, long atMillis) implements Event {}

    /** A reply arrived for a correlation id that was never sent. */
    record Unsent(String correlationId, Place place, String what, long atMillis) implements Event {}

    /** An answer, a status document or a reply breaks the contract's form. */
    record Unreadable(int number, Place place, String what, long atMillis) implements Event {}
}
