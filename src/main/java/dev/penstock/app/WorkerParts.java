package dev.penstock.app;

import dev.penstock.features.FeatureCaches;
import dev.penstock.features.FeaturesConfig;
import dev.penstock.ingress.IngressConfig;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.metrics.GpuWatch;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.redis.RedisWatch;
import dev.penstock.threads.Fault;
import dev.penstock.threads.Faults;
import dev.penstock.tracing.Tracing;
import dev.penstock.worker.Worker;
import dev.penstock.worker.WorkerConfig;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** The worker role, wired. */
@Singleton
final class WorkerParts implements WorkerRole {
    private final PenstockConfig shared;
    private final WorkerConfig config;
    private final FeaturesConfig features;
    private final WorkerRedis redis;
    private final MeterRegistry registry;
    private final Tracing tracing;
    private final Faults faults = new Faults("worker");
    private volatile Optional<WorkerRedis.Client> redisOfFeatures = Optional.empty();
    private volatile Optional<RedisWatch> redisWatch = Optional.empty();
    private volatile Optional<GpuWatch> gpuWatch = Optional.empty();
    private volatile Optional<Worker> worker = Optional.empty();

    WorkerParts(
            PenstockConfig shared,
            WorkerConfig config,
            FeaturesConfig features,
            WorkerRedis redis,
            MeterRegistry registry,
            Tracing tracing) {
        this.shared = shared;
        this.config = config;
        this.features = features;
        this.redis = redis;
        this.registry = registry;
        this.tracing = tracing;
    }

    @Override
    public void check(ConfigRelations relations, Optional<IngressConfig> ingress) {
        relations.requireFolder("penstock.worker.models", config.models());
        check(relations, config, features, ingress);
    }

    static void check(
            ConfigRelations relations, WorkerConfig worker, FeaturesConfig features, Optional<IngressConfig> ingress) {
        relations.requireAtMost(
                "penstock.features.refresh-after",
                features.refreshAfter(),
                "penstock.features.fresh-for",
                features.freshFor());
        relations.requireAtMost(
                "penstock.features.fresh-for", features.freshFor(), "penstock.features.keep-for", features.keepFor());
        features.sources()
                .forEach((name, source) -> source.url()
                        .ifPresent(url -> relations.requireHttp("penstock.features.sources." + name + ".url", url)));
        ingress.ifPresent(beside -> relations.requireBelow(
                "penstock.worker.heartbeat",
                worker.heartbeat(),
                "penstock.ingress.worker-timeout",
                beside.workerTimeout()));
    }

    @Override
    public void start(
            KafkaClients kafka,
            TopicLayout layout,
            RequestReader reader,
            Faults processFaults,
            BooleanSupplier isEnding)
            throws Exception {
        WorkerRedis.Client client = redis.connect();
        redisOfFeatures = Optional.of(client);
        gpuWatch = Optional.of(new GpuWatch(registry, processFaults));
        FeatureCaches caches = new FeatureCaches(features, client.redis(), registry);
        Worker role = new Worker(
                config,
                shared.warmUp().plan(),
                kafka,
                layout,
                shared.replies().allowedTopics(),
                reader,
                caches,
                registry,
                tracing,
                faults);
        worker = Optional.of(role);
        role.start(isEnding);
        // The ingress watches the Redis of a process with both roles.
        if (caches.usesRedis() && !shared.roles().contains(PenstockConfig.Role.INGRESS)) {
            redisWatch = Optional.of(new RedisWatch(client.redis(), client.thread(), registry));
        }
    }

    @Override
    public boolean isStarting() {
        return worker.isEmpty();
    }

    @Override
    public boolean isSound() {
        return worker.map(Worker::isSound).orElse(true);
    }

    @Override
    public Optional<String> missing() {
        return worker.filter(role -> !role.isReady()).map(Worker::missing);
    }

    @Override
    public Optional<Fault> fault() {
        return faults.first();
    }

    @Override
    public void close() {
        worker.ifPresent(Worker::close);
        redisWatch.ifPresent(RedisWatch::close);
        redisOfFeatures.ifPresent(WorkerRedis.Client::close);
        gpuWatch.ifPresent(GpuWatch::close);
    }
}
