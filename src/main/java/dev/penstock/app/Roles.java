package dev.penstock.app;

import dev.penstock.features.FeatureCaches;
import dev.penstock.features.FeaturesConfig;
import dev.penstock.ingress.Ingress;
import dev.penstock.ingress.IngressConfig;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.threads.Fault;
import dev.penstock.threads.Faults;
import dev.penstock.worker.Worker;
import dev.penstock.worker.WorkerConfig;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ApplicationLifecycleManager;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** Starts and stops the configured roles. The ingress stops first, so that the worker still answers what was accepted. */
@Singleton
final class Roles {
    private static final Logger LOG = Logger.getLogger(Roles.class);

    /** Headers and framing of a record, beside the body. */
    private static final int RECORD_OVERHEAD = 64 * 1024;

    private final PenstockConfig config;
    private final IngressConfig ingressConfig;
    private final WorkerConfig workerConfig;
    private final FeaturesConfig featuresConfig;
    private final Duration idleTimeout;
    private final MeterRegistry registry;
    private final Vertx vertx;
    private final Redis redis;
    private final WorkerRedis workerRedis;
    private final Faults processFaults = new Faults("process");
    private final Faults ingressFaults = new Faults("ingress");
    private final Faults workerFaults = new Faults("worker");
    private Optional<KafkaWatch> kafkaWatch = Optional.empty();
    private Optional<Ingress> ingress = Optional.empty();
    private Optional<WorkerRedis.Client> redisOfWorker = Optional.empty();
    private volatile Optional<Worker> worker = Optional.empty();

    Roles(
            PenstockConfig config,
            IngressConfig ingressConfig,
            WorkerConfig workerConfig,
            FeaturesConfig featuresConfig,
            @ConfigProperty(name = "quarkus.http.idle-timeout") Duration idleTimeout,
            MeterRegistry registry,
            Vertx vertx,
            Redis redis,
            WorkerRedis workerRedis) {
        this.config = config;
        this.ingressConfig = ingressConfig;
        this.workerConfig = workerConfig;
        this.featuresConfig = featuresConfig;
        this.idleTimeout = idleTimeout;
        this.registry = registry;
        this.vertx = vertx;
        this.redis = redis;
        this.workerRedis = workerRedis;
    }

    void start(@Observes StartupEvent event)
            throws IOException, ExecutionException, InterruptedException, TimeoutException {
        ConfigRelations.check(config, ingressConfig, workerConfig, featuresConfig, idleTimeout);
        KafkaClients kafka = kafka();
        TopicLayout layout = layout();
        RequestReader reader = new RequestReader(readerLimits());
        try (Admin admin = kafka.admin()) {
            layout.create(admin, layout.shared());
        }
        kafkaWatch = Optional.of(new KafkaWatch(kafka, config.kafka().lostAfter(), processFaults));
        if (config.roles().contains(PenstockConfig.Role.INGRESS)) {
            ingress = Optional.of(
                    new Ingress(ingressConfig, kafka, layout, reader, redis, vertx, registry, ingressFaults));
        }
        if (config.roles().contains(PenstockConfig.Role.WORKER)) {
            WorkerRedis.Client featuresRedis = workerRedis.connect();
            redisOfWorker = Optional.of(featuresRedis);
            Worker starting = new Worker(
                    workerConfig,
                    kafka,
                    layout,
                    config.replies().allowedTopics(),
                    reader,
                    new FeatureCaches(featuresConfig, featuresRedis.redis(), registry),
                    registry,
                    workerFaults);
            worker = Optional.of(starting);
            starting.start(ApplicationLifecycleManager::isVmShuttingDown);
        }
    }

    /** Readiness goes down now. Shutdown goes on once all waiting calls have their answers, or after the timeout. */
    void stopTaking(@Observes ShutdownDelayInitiatedEvent event) {
        ingress.ifPresent(Ingress::stopTaking);
    }

    void stop(@Observes ShutdownEvent event) {
        ingress.ifPresent(Ingress::close);
        worker.ifPresent(Worker::close);
        redisOfWorker.ifPresent(WorkerRedis.Client::close);
        kafkaWatch.ifPresent(KafkaWatch::close);
        LOG.debug("All roles have stopped");
    }

    /** @throws IllegalStateException when this process has no ingress role */
    @Produces
    @Singleton
    Ingress ingress() {
        return ingress.orElseThrow(
                () -> new IllegalStateException("this process has no ingress role (penstock.roles)"));
    }

    /** What {@code ingress.http} reports of its threads. */
    @Produces
    @Singleton
    Faults faults() {
        return ingressFaults;
    }

    /** The first thread that failed, of whatever role. */
    Optional<Fault> fault() {
        return Stream.of(ingressFaults, workerFaults, processFaults)
                .flatMap(faults -> faults.first().stream())
                .findFirst();
    }

    Optional<Ingress> maybeIngress() {
        return ingress;
    }

    Optional<Worker> maybeWorker() {
        return worker;
    }

    /** Empty while Kafka answers, and for a short time after it stopped answering. */
    Optional<Duration> kafkaLostFor() {
        return kafkaWatch.flatMap(KafkaWatch::lostFor);
    }

    private KafkaClients kafka() {
        Map<String, Object> kafka = new HashMap<>(config.kafka().properties());
        kafka.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, config.kafka().bootstrapServers());
        return new KafkaClients(kafka);
    }

    private ReaderLimits readerLimits() {
        ReaderLimits standard = ReaderLimits.DEFAULT;
        return new ReaderLimits(
                config.maxRequestBytes(),
                standard.maxTensors(),
                standard.maxElements(),
                standard.maxParameters(),
                standard.maxStringBytes());
    }

    private TopicLayout layout() {
        return new TopicLayout(
                config.topics().create(),
                config.topics().requestPartitions(),
                config.topics().replyPartitions(),
                config.topics().replicationFactor(),
                config.maxRequestBytes() + RECORD_OVERHEAD,
                config.topics().resultRetention());
    }
}
