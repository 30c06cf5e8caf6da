package dev.penstock.ingress;

import dev.penstock.tenants.quota.Quota;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Positive;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** Configuration of the ingress role. */
@ConfigMapping(prefix = "penstock.ingress")
public interface IngressConfig {
    /** The deadline of synchronous calls that name none; a model's own {@code timeout} goes before. */
    @WithDefault("30s")
    Duration syncTimeout();

    /** The deadline of asynchronous requests that name none. */
    @WithDefault("10m")
    Duration asyncTimeout();

    /** How long an outcome can be polled, from the request's deadline on. */
    @WithDefault("1h")
    Duration resultTtl();

    /** How long an {@code Idempotency-Key} is known, from the request's deadline on; {@code result-ttl} when absent. */
    Optional<Duration> idempotencyTtl();

    /** How long Redis may take while a caller waits for it. */
    @WithDefault("200ms")
    Duration redisTimeout();

    /** How long Redis is left alone once half of the calls to it fail, before one call tries it again. */
    @WithDefault("1s")
    Duration redisOpenFor();

    /** How long a call's headers may take to arrive, from their first byte on; then 408, and the connection is closed. */
    @WithDefault("10s")
    Duration headerTimeout();

    /** How long a body may take to arrive, from its headers on; then 408, and the connection is closed. More lets slow senders hold memory. */
    @WithDefault("30s")
    Duration bodyTimeout();

    /**
     * How often {@code /v2/requests/{id}/events} writes a comment while nothing happens. It must stay below {@code quarkus.http.idle-timeout}
     * and that of every proxy before this service, which else cut the stream.
     */
    @WithDefault("15s")
    Duration eventsHeartbeat();

    /** The longest address of a call, path and query; more is 414. */
    @WithDefault("8192")
    @Min(256) @Max(32_768) int maxAddressBytes();

    /** All headers of a call together; more is 431. */
    @WithDefault("16384")
    @Min(1024) @Max(49_152) int maxHeaderBytes();

    /** Synchronous calls that may wait at once; more are refused with 503. Each takes its body's memory until it is published. */
    @WithDefault("10000")
    @Min(1) @Max(1_000_000) int maxPending();

    /**
     * The longest predicted wait with which a synchronous call is still let in, however late its deadline is: its caller rather hears
     * 503 and when to come back. Asynchronous requests may wait as long as their deadline allows.
     */
    @WithDefault("5s")
    Duration syncMaxWait();

    /** How often Kafka is asked how far the workers are behind. Rarer, and a burst is noticed later. */
    @WithDefault("250ms")
    Duration lagInterval();

    /** Bytes on their way to Kafka at once; more are refused with 503, since the publisher must never block an event loop. */
    @WithDefault("33554432")
    @Min(1_048_576) long maxPublishingBytes();

    /**
     * How long requests gather on their way to Kafka whose model has a queue in which they would wait five times as long anyway: the CPU that
     * is saved can serve them. All others gather for as long as the request before them is on its way. More than a few batches' run time
     * gains nothing.
     */
    @WithDefault("20ms")
    Duration queuedLinger();

    /** How long a worker counts as alive after its last announcement. */
    @WithDefault("7s")
    Duration workerTimeout();

    /**
     * The secret that signs request ids, the same on all ingresses; at least 16 characters. When absent, the first ingress makes one
     * and shares it through Redis.
     */
    Optional<String> requestIdKey();

    /**
     * What all callers may use together, over all ingresses, while {@code penstock.tenants.identity} is off; beyond, 429. Unlimited when
     * absent. See docs/quotas.md.
     */
    Optional<QuotaSection> quota();

    /** A bucket of requests and one of rows, and places for requests that wait; all but the last must be given. */
    interface QuotaSection {
        @Positive @Max(1_000_000) double requestsPerSecond();

        @Min(1) @Max(1_000_000_000) long requestBurst();

        @Positive @Max(1_000_000) double rowsPerSecond();

        /** Also the most rows that one request may have. */
        @Min(1) @Max(1_000_000_000) long rowBurst();

        /**
         * Asynchronous requests, and others with an {@code Idempotency-Key}, that may be without an outcome at once. Unlimited when absent.
         * More lets one caller's backlog grow; each costs Redis some 200 bytes until its outcome.
         */
        @Min(1) @Max(1_000_000) OptionalInt openRequests();

        default Quota toQuota() {
            return new Quota(requestsPerSecond(), requestBurst(), rowsPerSecond(), rowBurst(), openRequests());
        }
    }
}
