package dev.penstock.ledger;

import java.util.Map;
import java.util.TreeMap;

/** A verdict as text: a line for each door and kind, the violations, and the result in the last line. */
final class VerdictText {
    private static final int MAX_LINES_OF_VIOLATIONS = 100;

    private VerdictText() {}

    static String of(Verdict verdict) {
        StringBuilder text = new StringBuilder();
        line(text, "%-6s %-16s %10s %9s %9s %9s".formatted("door", "kind", "requests", "p50 ms", "p99 ms", "max ms"));
        new TreeMap<>(verdict.doors()).forEach((door, totals) -> door(text, door.label(), totals));
        violations(text, verdict);
        line(text, conclusion(verdict));
        return text.toString();
    }

    private static void door(StringBuilder text, String door, DoorTotals totals) {
        count(text, door, "sent", totals.sent());
        count(text, door, "accepted", totals.accepted());
        new TreeMap<>(totals.outcomes())
                .forEach((status, latency) -> line(
                        text,
                        "%-6s %-16s %10d %9d %9d %9d"
                                .formatted(
                                        door,
                                        status.label(),
                                        latency.count(),
                                        latency.p50Millis(),
                                        latency.p99Millis(),
                                        latency.maxMillis())));
        count(text, door, "open", totals.open());
        count(text, door, "504", totals.timedOut());
        new TreeMap<>(totals.refused()).forEach((code, count) -> count(text, door, "refused " + code, count));
        new TreeMap<>(totals.doubts()).forEach((doubt, count) -> count(text, door, doubt.label(), count));
        count(text, door, "not sent", totals.notSent());
        count(text, door, "duplicates", totals.duplicates());
        count(text, door, "seen again", totals.confirmed());
        if (totals.latestMillis() > 0) {
            line(
                    text,
                    "%-6s the latest outcome was seen %d ms after its deadline".formatted(door, totals.latestMillis()));
        }
    }

    private static void count(StringBuilder text, String door, String kind, long count) {
        if (count > 0) {
            line(text, "%-6s %-16s %10d".formatted(door, kind, count));
        }
    }

    private static void violations(StringBuilder text, Verdict verdict) {
        for (Map.Entry<Violation.Kind, Long> each : new TreeMap<>(verdict.counts()).entrySet()) {
            line(
                    text,
                    "%d × %s: %s"
                            .formatted(
                                    each.getValue(),
                                    each.getKey().label(),
                                    each.getKey().rule()));
        }
        verdict.violations().stream().limit(MAX_LINES_OF_VIOLATIONS).forEach(each -> line(text, each.toString()));
        long unlisted = verdict.allViolations() - Math.min(verdict.violations().size(), MAX_LINES_OF_VIOLATIONS);
        if (unlisted > 0) {
            line(text, "and %d more".formatted(unlisted));
        }
    }

    private static String conclusion(Verdict verdict) {
        String seen = "%d requests were accepted in %.0f s, %d outcomes were seen"
                .formatted(verdict.accepted(), verdict.durationMillis() / 1e3, verdict.settled());
        return switch (verdict.result()) {
            case KEPT -> "verdict: kept. " + seen + ", each of them once and unchanged.";
            case BROKEN -> "verdict: broken. %s, with %d violations.".formatted(seen, verdict.allViolations());
            case UNPROVEN ->
                "verdict: unproven. %s, and %d requests are still open. Each door must have an accepted request."
                        .formatted(seen, verdict.undecided());
        };
    }

    private static void line(StringBuilder text, String line) {
        text.append(line.stripTrailing()).append('\n');
    }
}
