package dev.penstock.features;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

/** Features: where workers look them up, and how long they keep them. See docs/features.md. */
@ConfigMapping(prefix = "penstock.features")
public interface FeaturesConfig {
    /** Sources by name. */
    Map<String, Source> sources();

    /**
     * Entities of each view that a worker holds in memory; entities with long keys count more than once. A higher number costs memory and
     * saves round trips to Redis.
     */
    @WithDefault("10000")
    @Min(1) @Max(100_000_000) int entities();

    /**
     * Age from which a value is still served, and fetched again in the background when it is used. Must be at most
     * {@code penstock.features.fresh-for}. A longer time saves calls to the source and shows changes later.
     */
    @WithDefault("1m")
    @DurationMin(millis = 0)
    @DurationMax(days = 365)
    Duration refreshAfter();

    /**
     * Age up to which a value is fresh. Must be at most {@code penstock.features.keep-for}. A longer time saves calls to the source and
     * shows changes later.
     */
    @WithDefault("5m")
    @DurationMin(millis = 1)
    @DurationMax(days = 365)
    Duration freshFor();

    /**
     * Age up to which a value is kept for models whose policy is {@code stale}. A longer time bridges longer outages of the source with
     * older values, and costs Redis memory.
     */
    @WithDefault("1h")
    @DurationMin(millis = 1)
    @DurationMax(days = 365)
    Duration keepFor();

    /**
     * How long a worker does not ask again for an entity that the source does not have. A longer time protects the source from unknown
     * ids, and new entities appear later.
     */
    @WithDefault("10s")
    @DurationMin(millis = 0)
    @DurationMax(days = 1)
    Duration missingFor();

    /**
     * How long a worker does not ask again for an entity whose lookup failed. A longer time protects a source in trouble, and recovery is
     * noticed later.
     */
    @WithDefault("1s")
    @DurationMin(millis = 0)
    @DurationMax(days = 1)
    Duration failedFor();

    /**
     * Largest share by which each of the five times above is shortened; the amount differs for each value. It keeps values that were
     * fetched together from expiring together. A larger share spreads the load more and causes more calls.
     */
    @WithDefault("0.1")
    @DecimalMin("0") @DecimalMax("0.5") double jitter();

    /**
     * Entities of a view that can be fetched at once; further lookups are unavailable. The default only stops a runaway. A higher limit
     * costs memory when the source is slow.
     */
    @WithDefault("100000")
    @Min(1) @Max(10_000_000) int maxPending();

    /**
     * How long a call to the source waits for more entities while it is not full. The default costs little latency. A longer wait makes
     * fewer and larger calls, and lookups that miss the cache take longer.
     */
    @WithDefault("1ms")
    @DurationMin(millis = 0)
    @DurationMax(seconds = 1)
    Duration gather();

    Redis redis();

    /** Redis as the cache that workers share. */
    interface Redis {
        /**
         * URL of the Redis that caches features; {@code penstock.redis.url} when this is not set. A Redis of its own can evict what is used
         * least ({@code maxmemory-policy allkeys-lru}), which the Redis of outcomes must not do.
         */
        Optional<
                        @Pattern(
                                regexp = "(redis|rediss|unix)://\\S+",
                                message = "a URL that begins with redis://, rediss:// or unix://")
                        String>
                url();

        /** Uses Redis between the memory of a worker and the source. Without it, each worker asks the source itself. */
        @WithDefault("true")
        boolean enabled();

        /** Longest round trip; after it the lookup goes to the source. A longer wait makes lookups slower when Redis is slow. */
        @WithDefault("200ms")
        @DurationMin(millis = 1)
        @DurationMax(minutes = 1)
        Duration timeout();

        /**
         * How long a worker leaves Redis alone after half of the last ten round trips failed. A longer pause sends more lookups to the
         * source after an outage.
         */
        @WithDefault("1s")
        @DurationMin(millis = 1)
        @DurationMax(hours = 1)
        Duration openFor();
    }

    /** A source of features. {@code <name>} is the name that a {@code model.yaml} gives as {@code features.source}. */
    interface Source {
        /** Kind of the source: a SQL database or a Feast feature server. */
        Type type();

        /** Database of a {@code sql} source. Required for this type. */
        Optional<
                        @Pattern(
                                regexp = "(?s)jdbc:.+",
                                message = "a JDBC URL, such as jdbc:postgresql://db.example/shop")
                        String>
                jdbcUrl();

        /** User of the database of a {@code sql} source. */
        Optional<@Size(min = 1, max = 1024) String> username();

        /** Password of that user. */
        Optional<@Size(min = 1, max = 4096) String> password();

        /**
         * Query of a {@code sql} source. Its first column is the entity, and it contains {@code IN (?)} or {@code = ANY (?)} once.
         * Required for this type.
         */
        Optional<@Size(min = 1, max = 65_536) String> query();

        /** Feature server of a {@code feast} source. Required for this type. */
        Optional<URI> url();

        /** Name by which a {@code feast} source knows the entity, such as {@code driver_id}. Required for this type. */
        Optional<@Size(min = 1, max = 255) String> joinKey();

        /**
         * Timeout of each try of a call. The default is far above a healthy call. A longer timeout delays requests and holds calls when
         * the source is slow.
         */
        @WithDefault("1s")
        @DurationMin(millis = 1)
        @DurationMax(minutes = 5)
        Duration timeout();

        /**
         * Calls to the source at once; for {@code sql} also the number of connections. Each worker makes that many, so a higher number
         * loads the source.
         */
        @WithDefault("4")
        @Min(1) @Max(1000) int calls();

        /** Entities in one call. Larger calls are fewer, and each takes longer. */
        @WithDefault("256")
        @Min(1) @Max(10_000) int bulkSize();

        /**
         * How long a worker leaves the source alone after half of its last twenty calls failed. A longer pause protects a source in
         * trouble, and recovery is noticed later.
         */
        @WithDefault("2s")
        @DurationMin(millis = 1)
        @DurationMax(hours = 1)
        Duration openFor();
    }

    /** Kind of a source. */
    enum Type {
        SQL,
        FEAST
    }
}
