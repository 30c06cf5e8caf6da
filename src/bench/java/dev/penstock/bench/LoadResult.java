package dev.penstock.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;
import java.util.TreeMap;

/**
 * The counts of one run. Every request of the measured part is in exactly one of {@code succeeded}, {@code wrong}, {@code otherStatuses},
 * {@code ioErrors} and {@code unanswered}.
 *
 * @param elapsedSeconds from the start of the measured part to its last response
 * @param succeeded responses with a successful status (2xx, {@code succeeded}) that passed the check
 * @param wrong responses with a successful status that failed the check
 * @param otherStatuses all other responses, by HTTP status or outcome
 * @param ioErrors requests lost to a broken connection, a malformed response or a timeout
 * @param unanswered requests without a response, or not sent, when the run gave up
 * @param reconnects new connections after a close, for any reason; only {@code ioErrors} counts lost requests
 * @param duplicates further responses to a request that already had one
 * @param latency of {@code succeeded} and {@code wrong}
 * @param otherLatency of {@code otherStatuses}; HTTP loads only
 */
public record LoadResult(
        double elapsedSeconds,
        long succeeded,
        long wrong,
        Map<String, Long> otherStatuses,
        long ioErrors,
        long unanswered,
        long reconnects,
        long duplicates,
        Latency latency,
        Latency otherLatency) {

    public LoadResult {
        otherStatuses = new TreeMap<>(otherStatuses);
    }

    @JsonProperty
    public double throughputPerSecond() {
        return elapsedSeconds == 0 ? 0 : succeeded / elapsedSeconds;
    }

    /** The number of requests that did not succeed, for any reason. */
    @JsonProperty
    public long errors() {
        return wrong
                + ioErrors
                + unanswered
                + otherStatuses.values().stream().mapToLong(Long::longValue).sum();
    }
}
