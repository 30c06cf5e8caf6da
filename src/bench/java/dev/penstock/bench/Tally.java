package dev.penstock.bench;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** Counts the responses of a run. Thread-safe. */
final class Tally {
    private static final long LONGEST_NANOS = TimeUnit.HOURS.toNanos(1);

    private final Histogram latencyNanos = new Histogram(1_000, LONGEST_NANOS, 3);
    private final Histogram otherLatencyNanos = new Histogram(1_000, LONGEST_NANOS, 3);
    private final Map<String, Long> otherStatuses = new HashMap<>();
    private long succeeded;
    private long wrong;
    private long ioErrors;
    private long unanswered;
    private long reconnects;
    private long duplicates;
    private OptionalLong lastAnswerNanos = OptionalLong.empty();

    synchronized void success(boolean right, long startNanos, long nowNanos) {
        if (right) {
            succeeded++;
        } else {
            wrong++;
        }
        latencyNanos.recordValue(Math.clamp(nowNanos - startNanos, 0, LONGEST_NANOS));
        lastAnswerNanos = OptionalLong.of(nowNanos);
    }

    synchronized void otherStatus(String status, long nowNanos) {
        otherStatuses.merge(status, 1L, Long::sum);
        lastAnswerNanos = OptionalLong.of(nowNanos);
    }

    synchronized void otherStatus(String status, long startNanos, long nowNanos) {
        otherStatus(status, nowNanos);
        otherLatencyNanos.recordValue(Math.clamp(nowNanos - startNanos, 0, LONGEST_NANOS));
    }

    synchronized void ioError() {
        ioErrors++;
    }

    synchronized void unanswered(long requests) {
        unanswered += requests;
    }

    synchronized void reconnect() {
        reconnects++;
    }

    synchronized void duplicate() {
        duplicates++;
    }

    synchronized LoadResult result(long startNanos) {
        return new LoadResult(
                (lastAnswerNanos.orElse(startNanos) - startNanos) / 1e9,
                succeeded,
                wrong,
                otherStatuses,
                ioErrors,
                unanswered,
                reconnects,
                duplicates,
                Latency.ofNanos(latencyNanos),
                Latency.ofNanos(otherLatencyNanos));
    }
}
