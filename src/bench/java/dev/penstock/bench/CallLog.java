package dev.penstock.bench;

import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/** Records the fate of each call of an open loop, by due time. Confined to the thread that runs the load. */
final class CallLog {
    private final HttpLoad.Steps steps;
    private final long deadlineNanos;
    private final Fate[] fates;
    private final long[] latencyNanos;
    private long startNanos;

    /** The fate of a call. */
    enum Fate {
        /** There was no response, or one that was neither correct, nor a refusal, nor a 504. */
        LOST,
        IN_TIME,
        TOO_LATE,
        REFUSED
    }

    /** The fates of the calls that were due in one part of the run. */
    record Part(
            double seconds, long offered, long inTime, long late, long refused, Latency admission, Latency refusal) {
        double perSecond(long calls) {
            return calls / seconds;
        }

        long admitted() {
            return inTime + late;
        }

        long lost() {
            return offered - inTime - late - refused;
        }
    }

    /** @param deadlineMillis the longest time from a call's due time to its response */
    CallLog(HttpLoad.Steps steps, int deadlineMillis) {
        this.steps = steps;
        this.deadlineNanos = deadlineMillis * 1_000_000L;
        int calls = Math.toIntExact(steps.dueBefore(Long.MAX_VALUE));
        this.fates = new Fate[calls];
        Arrays.fill(fates, Fate.LOST);
        this.latencyNanos = new long[calls];
    }

    /** Wraps the requests; the first one marks the start of the run. */
    IntFunction<byte[]> of(IntFunction<byte[]> requests) {
        return index -> {
            if (index == 0) {
                startNanos = System.nanoTime();
            }
            return requests.apply(index);
        };
    }

    /** Wraps the check and records its calls. */
    Check of(Check check) {
        return (index, status, body) -> {
            boolean right = check.accepts(index, status, body);
            if (index < fates.length) {
                latencyNanos[index] = System.nanoTime() - startNanos - steps.dueNanos(index);
                fates[index] = fate(status, right, latencyNanos[index]);
            }
            return right;
        };
    }

    private Fate fate(String status, boolean right, long nanos) {
        return switch (status) {
            case "200" -> right ? nanos <= deadlineNanos ? Fate.IN_TIME : Fate.TOO_LATE : Fate.LOST;
            case "503" -> Fate.REFUSED;
            case "504" -> Fate.TOO_LATE;
            default -> Fate.LOST;
        };
    }

    Part part(double fromSeconds, double toSeconds) {
        int from = index(fromSeconds);
        int to = index(toSeconds);
        return new Part(
                toSeconds - fromSeconds,
                to - from,
                count(from, to, Fate.IN_TIME),
                count(from, to, Fate.TOO_LATE),
                count(from, to, Fate.REFUSED),
                latency(from, to, i -> fates[i] == Fate.IN_TIME || fates[i] == Fate.TOO_LATE),
                latency(from, to, i -> fates[i] == Fate.REFUSED));
    }

    /** Seconds from the start of a part to its last refused call; 0 when none was refused. */
    double lastRefusalAfter(double fromSeconds, double toSeconds) {
        return IntStream.range(index(fromSeconds), index(toSeconds))
                .filter(i -> fates[i] == Fate.REFUSED)
                .mapToDouble(i -> steps.dueNanos(i) / 1e9 - fromSeconds)
                .max()
                .orElse(0);
    }

    private int index(double seconds) {
        return Math.min(fates.length, Math.toIntExact(steps.dueBefore((long) (seconds * 1e9))));
    }

    private long count(int from, int to, Fate fate) {
        return IntStream.range(from, to).filter(i -> fates[i] == fate).count();
    }

    private Latency latency(int from, int to, IntPredicate which) {
        Histogram nanos = new Histogram(3);
        IntStream.range(from, to).filter(which).forEach(i -> nanos.recordValue(Math.max(0, latencyNanos[i])));
        return Latency.ofNanos(nanos);
    }
}
