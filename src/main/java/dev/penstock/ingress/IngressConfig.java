package dev.penstock.ingress;

import dev.penstock.tenants.quota.Quota;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

/** The ingress role: it takes calls over HTTP and puts requests on Kafka. */
@ConfigMapping(prefix = "penstock.ingress")
public interface IngressConfig {
    /**
     * Deadline of a synchronous call that names none. A {@code timeout} in the model's {@code model.yaml} takes precedence. The default
     * equals {@code quarkus.shutdown.timeout}, so calls that wait when an ingress stops still get their answers. A longer deadline holds
     * connections and pending calls longer when workers are slow.
     */
    @WithDefault("30s")
    @DurationMin(millis = 10)
    @DurationMax(days = 7)
    Duration syncTimeout();

    /**
     * Deadline of an asynchronous request that names none. The default gives a burst time to drain. With a longer deadline the gate
     * accepts a longer queue.
     */
    @WithDefault("10m")
    @DurationMin(millis = 10)
    @DurationMax(days = 7)
    Duration asyncTimeout();

    /**
     * How long an outcome can be polled, counted from the request's deadline; then the answer is 410. The default covers a client that
     * restarts. A longer time costs Redis memory for every outcome.
     */
    @WithDefault("1h")
    @DurationMin(seconds = 1)
    @DurationMax(days = 30)
    Duration resultTtl();

    /**
     * How long an {@code Idempotency-Key} is remembered, counted from the request's deadline. {@code penstock.ingress.result-ttl} applies
     * when this is not set. A longer time costs Redis memory for every key.
     */
    Optional<@DurationMin(seconds = 1) @DurationMax(days = 30) Duration> idempotencyTtl();

    /**
     * Longest wait for Redis of a call with an {@code Idempotency-Key}. It is longer than {@code penstock.ingress.redis-timeout}, since the
     * call is refused when it ends: a first connection, or a server that writes its snapshot, may take some hundred milliseconds.
     */
    @WithDefault("1s")
    @DurationMin(millis = 1)
    @DurationMax(minutes = 1)
    Duration idempotencyTimeout();

    /**
     * Longest wait for Redis while a caller waits. The default is far above a healthy round trip. A longer wait adds to the latency of
     * every call when Redis is slow.
     */
    @WithDefault("200ms")
    @DurationMin(millis = 1)
    @DurationMax(minutes = 1)
    Duration redisTimeout();

    /**
     * How long the ingress leaves Redis alone once half of the calls to it fail; then one call tries it again. With a longer pause, polls
     * cost more after an outage, since each searches Kafka's log.
     */
    @WithDefault("1s")
    @DurationMin(millis = 1)
    @DurationMax(hours = 1)
    Duration redisOpenFor();

    /**
     * Longest search for an outcome in Kafka's log while a caller waits; then the answer is 503. An ingress searches there when Redis does
     * not know, and for synchronous calls. A repeated poll continues the search. A longer one helps clients that do not poll again.
     */
    @WithDefault("3s")
    @DurationMin(millis = 100)
    @DurationMax(minutes = 1)
    Duration lookupTimeout();

    /**
     * How long the headers of a call can take to arrive, from their first byte; then the answer is 408 and the connection closes. A
     * longer time lets slow or hostile clients hold connections.
     */
    @WithDefault("10s")
    @DurationMin(millis = 100)
    @DurationMax(hours = 1)
    Duration headerTimeout();

    /**
     * How long a body can take to arrive, from the end of its headers; then the answer is 408 and the connection closes. The default
     * takes a body of 10 MiB at 3 Mbit/s. A longer time lets slow senders hold memory.
     */
    @WithDefault("30s")
    @DurationMin(millis = 100)
    @DurationMax(hours = 1)
    Duration bodyTimeout();

    /**
     * Origins whose pages may call the API from a browser (CORS), such as {@code https://app.example.com}; {@code *} allows all. Pages of
     * other origins cannot read answers when this is not set. Whoever has a credential in such a page can use it there.
     */
    Optional<
                    Set<
                            @Pattern(
                                    regexp = "\\*|https?://[^/\\s]+",
                                    message = "* or an origin such as https://app.example.com, without a path")
                            String>>
            corsOrigins();

    /**
     * How often a quiet stream of {@code /v2/requests/{id}/events} sends a comment. Keep it below {@code quarkus.http.idle-timeout} and
     * below the idle timeout of every proxy in front of the service, or they cut the stream. A shorter interval costs a packet for each
     * stream.
     */
    @WithDefault("15s")
    @DurationMin(millis = 100)
    @DurationMax(hours = 1)
    Duration eventsHeartbeat();

    /** Longest path and query of a call, in bytes; a longer one is 414. The default is about that of nginx and Apache httpd. */
    @WithDefault("8192")
    @Min(256) @Max(32_768) int maxAddressBytes();

    /**
     * All headers of a call together, in bytes; more are 431. The default fits large tokens. A higher limit costs memory for each
     * connection.
     */
    @WithDefault("16384")
    @Min(1024) @Max(49_152) int maxHeaderBytes();

    /**
     * How many times as long as its packed form a body in gzip or deflate can be; longer ones are 413. Bodies of up to 256 KiB can be
     * packed however well. Random FP32 numbers pack two to one, and zeros up to a thousand to one. A higher ratio
     * lets a few bytes cost more memory, up to {@code penstock.max-request-bytes}. {@code 1100} is more than either coding reaches.
     */
    @WithDefault("100")
    @Min(1) @Max(1100) int maxUnpackingRatio();

    /**
     * Answers of at least so many bytes are packed for clients that ask for gzip or deflate. Shorter ones would hardly gain. Packing costs
     * CPU: about 15 ms for 1 MB of JSON.
     */
    @WithDefault("1024")
    @Min(256) @Max(Integer.MAX_VALUE) int packFromBytes();

    /**
     * Synchronous calls that can wait for their answers at once; more are 503. A higher limit costs memory for each call and its body.
     */
    @WithDefault("10000")
    @Min(1) @Max(1_000_000) int maxPending();

    /**
     * Share of a model's synchronous calls that can be published once more, to another worker, because their answers are late. {@code 0}
     * switches it off. As many again can be, when their worker is stuck. A larger share shortens the longest waits, and costs as many
     * more runs. See docs/overload.md.
     */
    @WithDefault("0.05")
    @DecimalMin("0") @DecimalMax("1") double hedgeShare();

    /**
     * A synchronous call that waits for less than this is never published once more. The default is well above the usual latency of a
     * small model. A shorter time costs more runs after a hiccup.
     */
    @WithDefault("50ms")
    @DurationMin(millis = 1)
    @DurationMax(minutes = 10)
    Duration hedgeFloor();

    /**
     * Longest predicted wait with which a synchronous call is accepted, however late its deadline is. A caller that would wait longer
     * gets a 503 with {@code Retry-After} at once. A longer wait accepts more of a burst and answers it later. Asynchronous requests are
     * held only to their deadlines.
     */
    @WithDefault("5s")
    @DurationMin(millis = 1)
    @DurationMax(days = 7)
    Duration syncMaxWait();

    /**
     * How often the ingress asks Kafka how far behind the workers are. With a longer interval the gate notices a burst later. A shorter
     * one costs requests to the brokers.
     */
    @WithDefault("250ms")
    @DurationMin(millis = 10)
    @DurationMax(seconds = 10)
    Duration lagInterval();

    /**
     * Bytes that can be on their way to Kafka at once; more are 503, since publishing must never block an event loop. Must be at least
     * {@code penstock.max-request-bytes}. A higher limit costs memory when Kafka is slow.
     */
    @WithDefault("33554432")
    @Min(1_048_576) @Max(17_179_869_184L) long maxPublishingBytes();

    /**
     * How long requests gather into one Kafka batch when their model's queue is at least five times as long anyway. This saves CPU under
     * load without delaying answers. More than the run time of a few batches gains nothing; {@code 0s} switches it off.
     */
    // Kafka accepts no more: the delivery timeout less the request timeout of Publisher.
    @WithDefault("20ms")
    @DurationMin(millis = 0)
    @DurationMax(millis = 400)
    Duration queuedLinger();

    /**
     * How long a synchronous call waits at most for others to go to Kafka together, while several of them wait for their replies. It is a
     * quarter of a millisecond for each of those, and a lone call does not wait. Less saves time where calls come in a steady stream, and
     * costs CPU; {@code 0s} switches it off.
     */
    @WithDefault("6ms")
    @DurationMin(millis = 0)
    @DurationMax(millis = 50)
    Duration callLinger();

    /**
     * How long after its last announcement a worker counts as alive. Must be longer than {@code penstock.worker.heartbeat}; the default
     * tolerates two lost heartbeats. With a longer time the ingress notices later that a model has lost its last worker. A worker that is
     * silent for half of it gets no new work while others are alive.
     */
    @WithDefault("7s")
    @DurationMin(millis = 200)
    @DurationMax(hours = 1)
    Duration workerTimeout();

    /**
     * Secret that signs request ids; give all ingresses the same. When it is not set, the first ingress creates a secret and shares it
     * through the topic {@code penstock.keys}.
     */
    Optional<@Size(min = 16, max = 1024) String> requestIdKey();

    /**
     * Quota of all callers together. Callers are unlimited when this is not set.
     */
    Optional<QuotaSection> quota();

    /**
     * Quota that all callers share, across all ingresses, while {@code penstock.tenants.identity} is {@code off}; calls beyond it are 429.
     * Set the four rates and bursts together, or none of them. See docs/quotas.md.
     */
    interface QuotaSection {
        /** Requests per second in the long run. */
        @Positive @Max(1_000_000) double requestsPerSecond();

        /** Requests that can come at once after a quiet time. A larger burst tolerates callers that send in bulk. */
        @Min(1) @Max(1_000_000_000) long requestBurst();

        /** Rows per second in the long run, over all requests. */
        @Positive @Max(1_000_000) double rowsPerSecond();

        /** Rows that can come at once after a quiet time. It is also the largest number of rows in one request. */
        @Min(1) @Max(1_000_000_000) long rowBurst();

        /**
         * Asynchronous requests, and other requests with an {@code Idempotency-Key}, that can be without an outcome at once. They are
         * unlimited when this is not set. A higher limit lets the backlog grow; each request costs Redis about 200 bytes until its outcome.
         */
        @Min(1) @Max(1_000_000) OptionalInt openRequests();

        default Quota toQuota() {
            return new Quota(requestsPerSecond(), requestBurst(), rowsPerSecond(), rowBurst(), openRequests());
        }
    }
}
