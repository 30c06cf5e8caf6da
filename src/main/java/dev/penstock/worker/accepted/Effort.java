package dev.penstock.worker.accepted;

/** The work that a request cost, as far as it shows how fast this worker is. */
public enum Effort {
    /** It shows nothing: for example, the request was rejected or cancelled, or it was late when it came. */
    NONE,
    /** The request ran, with or without success. */
    RAN,
    /** The request came in time, waited too long, and expired. */
    GIVEN_UP
}
