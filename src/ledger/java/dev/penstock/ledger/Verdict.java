package dev.penstock.ledger;

import java.util.List;
import java.util.Map;

/**
 * The result of a run.
 *
 * @param violations the first of them, in the order in which they were found
 * @param counts all violations, by kind
 * @param undecided requests in flight, and accepted ones without an outcome whose deadline and grace are not over
 */
public record Verdict(
        Map<Door, DoorTotals> doors,
        List<Violation> violations,
        Map<Violation.Kind, Long> counts,
        long undecided,
        long durationMillis) {

    /** The three possible results. */
    public enum Result {
        /** Each accepted request had its one outcome. */
        KEPT,
        /** There are violations. */
        BROKEN,
        /** There is no violation, but too little was seen: a door without an accepted request, or requests that are still open. */
        UNPROVEN
    }

    public Verdict {
        doors = Map.copyOf(doors);
        violations = List.copyOf(violations);
        counts = Map.copyOf(counts);
    }

    public Result result() {
        if (!counts.isEmpty()) {
            return Result.BROKEN;
        }
        boolean isProven = undecided == 0
                && !doors.isEmpty()
                && doors.values().stream().allMatch(door -> door.accepted() > 0 && door.settled() > 0);
        return isProven ? Result.KEPT : Result.UNPROVEN;
    }

    public long count(Violation.Kind kind) {
        return counts.getOrDefault(kind, 0L);
    }

    public long accepted() {
        return doors.values().stream().mapToLong(DoorTotals::accepted).sum();
    }

    public long settled() {
        return doors.values().stream().mapToLong(DoorTotals::settled).sum();
    }

    public long allViolations() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** The tables for people. */
    @Override
    public String toString() {
        return VerdictText.of(this);
    }
}
