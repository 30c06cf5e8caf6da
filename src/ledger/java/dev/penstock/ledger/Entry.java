package dev.penstock.ledger;

import java.util.Optional;
import java.util.Set;

/** What the ledger knows of one request. */
final class Entry {
    /** What became of the attempt to have the request accepted. */
    enum Fate {
        IN_FLIGHT,
        NOT_SENT,
        REFUSED,
        IN_DOUBT,
        ACCEPTED
    }

    final Door door;
    final int input;
    final long sentMillis;

    Fate fate = Fate.IN_FLIGHT;
    String id = "";
    long deadlineMillis;
    Optional<First> first = Optional.empty();

    /** The kinds of violations that were counted: a poll in a loop must not count one fault many times. */
    Set<Violation.Kind> counted = Set.of();

    /** The first sighting, which later ones must equal. */
    record First(Sighting sighting, Place place, long atMillis) {}

    Entry(Door door, int input, long sentMillis) {
        this.door = door;
        this.input = input;
        this.sentMillis = sentMillis;
    }

    boolean isOpen() {
        return fate == Fate.ACCEPTED && first.isEmpty();
    }
}
