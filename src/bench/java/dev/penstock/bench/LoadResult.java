package dev.penstock.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a load run counted. Every request of the measured part is in exactly one of {@code succeeded}, {@code wrong},
 * {@code otherStatuses}, {@code ioErrors} and {@code unanswered}.
 *
 * @param elapsedSeconds from the start of the measured part to its last answer
 * @param succeeded answers with a successful status (2xx, {@code succeeded}) that the check accepted
 * @param wrong answers with a successful status that the check refused
 * @param otherStatuses all other answers by HTTP code or outcome
 * @param ioErrors requests lost to a broken connection, a malformed answer or a timeout
 * @param unanswered requests that had no answer, or had not even been sent, when the run gave up
 * @param reconnects connections opened anew, for whatever reason; a request is lost only where {@code ioErrors} says so
 * @param duplicates second answers to a request that was answered already
 * @param latency of {@code succeeded} and {@code wrong}
 * @param otherLatency of {@code otherStatuses}, where the load was over HTTP
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

    /** Requests that did not succeed, for whatever reason. */
    @JsonProperty
    public long errors() {
        return wrong
                + ioErrors
                + unanswered
                + otherStatuses.values().stream().mapToLong(Long::longValue).sum();
    }
}
