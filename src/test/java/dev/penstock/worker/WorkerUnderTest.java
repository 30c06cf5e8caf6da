package dev.penstock.worker;

import dev.penstock.features.FeatureCaches;
import dev.penstock.features.FeaturesConfig;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.process.WarmUpPlan;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.threads.Faults;
import dev.penstock.tracing.Tracing;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** A worker in this JVM, with a real broker and without Redis. */
final class WorkerUnderTest implements AutoCloseable {
    static final int PARTITIONS = 2;

    private static final Vertx VERTX = Vertx.vertx();

    final SimpleMeterRegistry registry;
    final Faults faults = new Faults("worker");
    private final Worker worker;

    /** @param kafka properties of all clients */
    WorkerUnderTest(Map<String, Object> kafka, Path models) throws Exception {
        this(kafka, models, new SimpleMeterRegistry());
    }

    WorkerUnderTest(Map<String, Object> kafka, Path models, SimpleMeterRegistry registry) throws Exception {
        this(kafka, models, registry, Optional.empty(), Map.of());
    }

    /** @param settings in addition to those that all have */
    WorkerUnderTest(Map<String, Object> kafka, Path models, Map<String, String> settings) throws Exception {
        this(kafka, models, new SimpleMeterRegistry(), Optional.empty(), settings);
    }

    WorkerUnderTest(
            Map<String, Object> kafka,
            Path models,
            SimpleMeterRegistry registry,
            Optional<WarmUpPlan> warmUp,
            Map<String, String> settings)
            throws Exception {
        this.registry = registry;
        SmallRyeConfig config = new SmallRyeConfigBuilder()
                .withConverter(Duration.class, 200, new DurationConverter())
                .withSources(new PropertiesConfigSource(settings, "settings", 400))
                .withSources(new PropertiesConfigSource(
                        Map.of(
                                "penstock.worker.models",
                                models.toString(),
                                "penstock.worker.drain-timeout",
                                "5s",
                                "penstock.features.redis.enabled",
                                "false"),
                        "test",
                        300))
                .withMapping(WorkerConfig.class)
                .withMapping(FeaturesConfig.class)
                .build();
        worker = new Worker(
                config.getConfigMapping(WorkerConfig.class),
                warmUp,
                new KafkaClients(kafka),
                layout(),
                List.of("penstock.replies.*"),
                new RequestReader(ReaderLimits.DEFAULT),
                new FeatureCaches(
                        config.getConfigMapping(FeaturesConfig.class),
                        Redis.createClient(VERTX, "redis://127.0.0.1:1"),
                        registry),
                registry,
                Tracing.OFF,
                faults);
    }

    static TopicLayout layout() {
        return new TopicLayout(true, PARTITIONS, 1, Optional.empty(), 1 << 20, Duration.ofHours(1));
    }

    WorkerUnderTest start() throws Exception {
        return start(() -> false);
    }

    WorkerUnderTest start(BooleanSupplier isEnding) throws Exception {
        worker.start(isEnding);
        return this;
    }

    boolean isReady() {
        return worker.isReady();
    }

    String missing() {
        return worker.missing();
    }

    double count(String meter, String... tags) {
        return registry.get(meter).tags(tags).counter().count();
    }

    @Override
    public void close() {
        worker.close();
    }
}
