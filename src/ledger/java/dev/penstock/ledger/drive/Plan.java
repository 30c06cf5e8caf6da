package dev.penstock.ledger.drive;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A run of the ledger.
 *
 * @param urls the ingresses; calls and polls alternate between them
 * @param kafka the broker and further properties of its clients; empty leaves the Kafka door out
 * @param ratePerSecond requests through all doors together
 * @param rampUp the first part of the duration, in which the rate grows evenly from 0: cold processes do not bear the full one
 * @param duration of the load; after it the run waits for the outcomes of open requests
 * @param deadline of each request
 * @param grace after the deadline, for the outcome to become visible
 * @param apiKey the credential of all calls
 * @param otherApiKey another tenant's credential: polls with it must be answered 404
 * @param replyTopic an existing topic for replies; when empty, the run creates one and deletes it at its end
 * @param pollsAnswered whether the ids of answered synchronous calls are polled too
 */
public record Plan(
        List<URI> urls,
        Optional<Map<String, String>> kafka,
        String model,
        double ratePerSecond,
        Duration rampUp,
        Duration duration,
        Duration deadline,
        Duration grace,
        Optional<String> apiKey,
        Optional<String> otherApiKey,
        Optional<String> replyTopic,
        boolean pollsAnswered) {

    public Plan {
        urls = List.copyOf(urls);
        kafka = kafka.map(Map::copyOf);
        require(!urls.isEmpty(), "urls must be one or more", urls);
        require(
                ratePerSecond > 0 && ratePerSecond <= 10_000,
                "ratePerSecond must be over 0 and up to 10000",
                ratePerSecond);
        require(!rampUp.isNegative(), "rampUp must not be negative", rampUp);
        require(duration.isPositive(), "duration must be positive", duration);
        require(deadline.toMillis() >= 100, "deadline must be 100 ms or more", deadline);
        require(!grace.isNegative(), "grace must not be negative", grace);
    }

    /** Through all doors, with a deadline of 30 s and as much grace. */
    public static Plan of(List<URI> urls, String bootstrapServers, double ratePerSecond, Duration duration) {
        return new Plan(
                urls,
                Optional.of(Map.of("bootstrap.servers", bootstrapServers)),
                "digits",
                ratePerSecond,
                Duration.ZERO,
                duration,
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false);
    }

    /** The same run, which polls the ids of answered synchronous calls too. */
    public Plan pollingAnswered() {
        return new Plan(
                urls,
                kafka,
                model,
                ratePerSecond,
                rampUp,
                duration,
                deadline,
                grace,
                apiKey,
                otherApiKey,
                replyTopic,
                true);
    }

    /** When a request is due, in seconds from the start. Requests are numbered from 0. */
    double dueSeconds(long number) {
        double ramp = rampUp.toNanos() / 1e9;
        double whileRamping = ratePerSecond * ramp / 2;
        return number < whileRamping ? Math.sqrt(2 * number * ramp / ratePerSecond) : ramp / 2 + number / ratePerSecond;
    }

    private static void require(boolean holds, String rule, Object was) {
        if (!holds) {
            throw new IllegalArgumentException(rule + ", was " + was);
        }
    }
}
