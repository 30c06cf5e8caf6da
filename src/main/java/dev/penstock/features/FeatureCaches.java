package dev.penstock.features;

import dev.penstock.features.cache.CachePolicy;
import dev.penstock.features.cache.FeatureCache;
import dev.penstock.features.cache.FeatureMeters;
import dev.penstock.features.cache.RedisCache;
import dev.penstock.features.source.FeastSource;
import dev.penstock.features.source.FeatureSource;
import dev.penstock.features.source.GuardedSource;
import dev.penstock.features.source.SqlQuery;
import dev.penstock.features.source.SqlSource;
import dev.penstock.features.vector.FeatureView;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalDataSourceConfigurationSupplier;
import io.agroal.api.security.NamePrincipal;
import io.agroal.api.security.SimplePassword;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.redis.client.Redis;
import java.sql.Driver;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Opens the feature caches that models need, each with its configured source, and closes them all. */
public final class FeatureCaches implements AutoCloseable {
    private static final int HTTP_THREADS = 2;

    private final FeaturesConfig config;
    private final MeterRegistry registry;
    private final InstantSource clock = InstantSource.system();
    private final Optional<RedisCache.Guards> guards;
    private final ExecutorService httpThreads = Executors.newFixedThreadPool(
            HTTP_THREADS,
            task -> Thread.ofPlatform().name("penstock-feast").daemon().unstarted(task));
    private final Map<Opened, FeatureCache> open = new HashMap<>();

    private record Opened(FeatureView view, String source) {}

    public FeatureCaches(FeaturesConfig config, Redis redis, MeterRegistry registry) {
        this.config = config;
        this.registry = registry;
        this.guards = config.redis().enabled()
                ? Optional.of(RedisCache.Guards.of(
                        redis, config.redis().timeout(), config.redis().openFor()))
                : Optional.empty();
    }

    /**
     * Returns the cache of a view and source. Model versions with the same view and source share one cache.
     *
     * @throws IllegalArgumentException when the source is not configured, or its configuration is invalid
     */
    public synchronized FeatureCache open(FeatureView view, String source) {
        return open.computeIfAbsent(new Opened(view, source), none -> opened(view, source));
    }

    private FeatureCache opened(FeatureView view, String source) {
        FeaturesConfig.Source settings = Optional.ofNullable(config.sources().get(source))
                .orElseThrow(() -> new IllegalArgumentException("penstock.features.sources." + source
                        + " must be configured; configured sources: "
                        + config.sources().keySet()));
        CachePolicy policy = new CachePolicy(
                config.refreshAfter(),
                config.freshFor(),
                config.keepFor(),
                config.missingFor(),
                config.failedFor(),
                config.jitter());
        FeatureSource guarded = new GuardedSource(
                source,
                source(source, settings, view),
                new GuardedSource.GuardLimits(settings.timeout(), settings.calls(), settings.openFor()));
        return new FeatureCache(
                view,
                policy,
                new FeatureCache.CacheLimits(
                        config.entities(), config.maxPending(), settings.bulkSize(), settings.calls(), config.gather()),
                guards.map(guard ->
                        new RedisCache(guard, view, policy, clock, new FeatureMeters(registry, view.name()).redis)),
                guarded,
                registry,
                clock);
    }

    /** Whether there is a cache whose values are shared in Redis. */
    public synchronized boolean usesRedis() {
        return guards.isPresent() && !open.isEmpty();
    }

    @Override
    public synchronized void close() {
        open.values().forEach(FeatureCache::close);
        httpThreads.shutdownNow();
    }

    private FeatureSource source(String name, FeaturesConfig.Source settings, FeatureView view) {
        return switch (settings.type()) {
            case SQL -> {
                SqlQuery query = query(name, settings);
                AgroalDataSource pool = pool(name, settings);
                yield new SqlSource(pool, query, view, settings.timeout(), settings.calls(), clock, pool);
            }
            case FEAST ->
                new FeastSource(
                        required(name, "url", settings.url()),
                        required(name, "join-key", settings.joinKey()),
                        view,
                        settings.timeout(),
                        clock,
                        httpThreads);
        };
    }

    private static SqlQuery query(String name, FeaturesConfig.Source settings) {
        try {
            return SqlQuery.parse(required(name, "query", settings.query()));
        } catch (IllegalArgumentException broken) {
            throw new IllegalArgumentException(
                    "penstock.features.sources." + name + ".query: " + broken.getMessage(), broken);
        }
    }

    private static AgroalDataSource pool(String name, FeaturesConfig.Source settings) {
        String url = required(name, "jdbc-url", settings.jdbcUrl());
        AgroalDataSourceConfigurationSupplier pool = new AgroalDataSourceConfigurationSupplier()
                .connectionPoolConfiguration(connections -> connections
                        .maxSize(settings.calls())
                        .acquisitionTimeout(settings.timeout())
                        .connectionFactoryConfiguration(factory -> {
                            factory.jdbcUrl(url)
                                    .connectionProviderClass(driver(name, url))
                                    .loginTimeout(settings.timeout());
                            settings.username().ifPresent(user -> factory.principal(new NamePrincipal(user)));
                            settings.password().ifPresent(word -> factory.credential(new SimplePassword(word)));
                            return factory;
                        }));
        try {
            return AgroalDataSource.from(pool);
        } catch (SQLException refused) {
            throw new IllegalArgumentException(
                    "penstock.features.sources." + name + ".jdbc-url: " + refused.getMessage(), refused);
        }
    }

    /** Finds the JDBC driver. {@link java.sql.DriverManager} does not see drivers of Quarkus's class loader. */
    private static Class<? extends Driver> driver(String name, String url) {
        for (Driver driver : ServiceLoader.load(Driver.class, FeatureCaches.class.getClassLoader())) {
            if (takes(driver, url)) {
                return driver.getClass();
            }
        }
        throw new IllegalArgumentException(
                "penstock.features.sources." + name + ".jdbc-url must be accepted by a JDBC driver on the class path");
    }

    private static boolean takes(Driver driver, String url) {
        try {
            return driver.acceptsURL(url);
        } catch (SQLException broken) {
            return false;
        }
    }

    private static <T> T required(String source, String key, Optional<T> value) {
        return value.orElseThrow(() -> new IllegalArgumentException(
                "penstock.features.sources." + source + "." + key + " must be set for a source of this type"));
    }
}
