package dev.penstock.features;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Where workers find features, and how long they keep them. */
@ConfigMapping(prefix = "penstock.features")
public interface FeaturesConfig {
    /** By the name that {@code model.yaml} gives as {@code features.source}. */
    Map<String, Source> sources();

    /** Entities that a worker holds of each view; more take memory, and save round trips to Redis. Long keys count for more. */
    @WithDefault("10000")
    @Min(1) @Max(100_000_000) int entities();

    /** From this age on, a value that is asked for is fetched anew beside. */
    @WithDefault("1m")
    Duration refreshAfter();

    /** Up to this age a value is fresh. Longer saves calls to the source, and shows changes later. */
    @WithDefault("5m")
    Duration freshFor();

    /** Up to this age a value is better than none, for models whose policy is {@code stale}. */
    @WithDefault("1h")
    Duration keepFor();

    /** How long an entity that the source does not have is not asked for again. */
    @WithDefault("10s")
    Duration missingFor();

    /** How long an entity that the source could not tell of is not asked for again. */
    @WithDefault("1s")
    Duration failedFor();

    /** By how much of themselves the five above are shortened at most, so that what came in together does not go out together. */
    @WithDefault("0.1")
    @DecimalMin("0") @DecimalMax("0.5") double jitter();

    /** Entities of a view being fetched at a time; lookups over it are unavailable. */
    @WithDefault("100000")
    @Min(1) @Max(10_000_000) int maxPending();

    /** How long an entity waits for others before a call to the source that is not full. */
    @WithDefault("1ms")
    Duration gather();

    Redis redis();

    /** Redis as the tier that workers share. */
    interface Redis {
        /** Whether to use it. Without it each worker asks the source for itself. */
        @WithDefault("true")
        boolean enabled();

        /** The longest round trip; what takes longer is looked up at the source. */
        @WithDefault("200ms")
        Duration timeout();

        /** How long Redis is left alone after half of its last ten round trips failed. */
        @WithDefault("1s")
        Duration openFor();
    }

    /** A source of features. */
    interface Source {
        /** What it is. */
        Type type();

        /** Of {@code sql}: the database, as {@code jdbc:postgresql://host/name}. */
        Optional<String> jdbcUrl();

        /** Of {@code sql}: who asks. */
        Optional<String> username();

        /** Of {@code sql}: the password. */
        Optional<String> password();

        /** Of {@code sql}: the query; its first column is the entity, and it says {@code IN (?)} or {@code = ANY (?)}. */
        Optional<String> query();

        /** Of {@code feast}: the feature server. */
        Optional<URI> url();

        /** Of {@code feast}: the name by which it knows the entity, such as {@code driver_id}. */
        Optional<String> joinKey();

        /** Of each try of a call. */
        @WithDefault("1s")
        Duration timeout();

        /** Calls at a time; of {@code sql}, connections. */
        @WithDefault("4")
        @Min(1) @Max(1000) int calls();

        /** Entities of a call. */
        @WithDefault("256")
        @Min(1) @Max(10_000) int bulkSize();

        /** How long it is left alone after half of its last twenty calls failed. */
        @WithDefault("2s")
        Duration openFor();
    }

    /** What a source can be. */
    enum Type {
        SQL,
        FEAST
    }
}
