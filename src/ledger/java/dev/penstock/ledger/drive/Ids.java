package dev.penstock.ledger.drive;

import java.util.OptionalInt;

/**
 * The ids that a run gives its requests, in bodies and as correlation ids: the name of the run and the request's number.
 *
 * @param run tells the requests of one run from those of all others
 */
record Ids(String run) {

    String of(int number) {
        return run + "-" + number;
    }

    boolean isOurs(String id) {
        return id.startsWith(run + "-");
    }

    /** The number of the request with this id; empty if none of the first {@code size} requests has it. */
    OptionalInt number(String id, int size) {
        String digits = isOurs(id) ? id.substring(run.length() + 1) : "";
        if (!digits.matches("0|[1-9][0-9]{0,8}")) {
            return OptionalInt.empty();
        }
        int number = Integer.parseInt(digits);
        return number < size ? OptionalInt.of(number) : OptionalInt.empty();
    }
}
