package dev.penstock.app;

import dev.penstock.ingress.Drain;
import dev.penstock.ingress.Ingress;
import dev.penstock.ingress.IngressConfig;
import dev.penstock.ingress.IngressStart;
import dev.penstock.ingress.ResponseMeters;
import dev.penstock.ingress.warmup.OwnAddress;
import dev.penstock.ingress.warmup.WarmUpPass;
import dev.penstock.kafka.BadConnectionException;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.MissingRightException;
import dev.penstock.kafka.PatientCalls;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.metrics.HostMemory;
import dev.penstock.process.ProcessEnd;
import dev.penstock.process.WarmUpPlan;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.threads.Fault;
import dev.penstock.threads.Faults;
import dev.penstock.threads.ServiceThread;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ApplicationLifecycleManager;
import io.quarkus.runtime.ImageMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** Starts and stops the configured roles. The ingress stops first, so that the worker still answers what was accepted. */
@Singleton
final class Roles {
    private static final Logger LOG = Logger.getLogger(Roles.class);

    private static final int FAILED_EXIT = 1;

    /** A model that is being loaded cannot be interrupted, and ONNX Runtime must not be unloaded under it. */
    private static final Duration START_STOP = Duration.ofSeconds(60);

    /** At the end of the shutdown delay, unless half of the delay is shorter. */
    private static final Duration LONGEST_REFUSAL = Duration.ofSeconds(1);

    /** Headers and framing of a record, beside the body. */
    private static final int RECORD_OVERHEAD = 64 * 1024;

    private final PenstockConfig config;
    private final IngressConfig ingressConfig;
    private final Duration idleTimeout;
    private final Duration shutdownDelay;
    private final MeterRegistry registry;
    private final Vertx vertx;
    private final Redis redis;
    private final Optional<WorkerRole> worker;
    private final Faults processFaults = new Faults("process");
    private final Faults ingressFaults = new Faults("ingress");
    private final Drain drain = new Drain();
    private final ResponseMeters responses;
    private final WarmUpPass pass = new WarmUpPass();
    private final OwnAddress address;
    private final PatientCalls patient = new PatientCalls();
    private final ServiceThread starting = new ServiceThread(
            "penstock-start", "The roles of this process do not start.", processFaults, START_STOP, this::startOrEnd);
    private volatile Optional<KafkaWatch> kafkaWatch = Optional.empty();
    private volatile Optional<Ingress> ingress = Optional.empty();
    private volatile boolean ingressServes;
    private volatile boolean ends;

    Roles(
            PenstockConfig config,
            IngressConfig ingressConfig,
            @ConfigProperty(name = "quarkus.http.idle-timeout") Duration idleTimeout,
            @ConfigProperty(name = "quarkus.shutdown.delay") Duration shutdownDelay,
            MeterRegistry registry,
            Vertx vertx,
            Redis redis,
            OwnAddress address,
            Instance<WorkerRole> worker) {
        this.config = config;
        this.ingressConfig = ingressConfig;
        this.idleTimeout = idleTimeout;
        this.shutdownDelay = shutdownDelay;
        this.registry = registry;
        this.responses = new ResponseMeters(registry);
        this.vertx = vertx;
        this.redis = redis;
        this.address = address;
        this.worker =
                config.roles().contains(PenstockConfig.Role.WORKER) ? Optional.of(required(worker)) : Optional.empty();
    }

    private static WorkerRole required(Instance<WorkerRole> worker) {
        if (worker.isUnsatisfied()) {
            throw new ConfigurationException(
                    "penstock.roles must be ingress, since this program was built without the worker");
        }
        return worker.get();
    }

    void start(@Observes StartupEvent event) {
        checkRelations();
        MissingRightException.registerMeters(registry);
        HostMemory.register(registry);
        Gauge.builder("inference.kafka.up", this, Roles::kafkaUp)
                .description("Whether Kafka answered the last question")
                .register(registry);
        starting.start();
    }

    private void checkRelations() {
        ConfigRelations relations = new ConfigRelations();
        Optional<IngressConfig> checkedIngress = isIngress() ? Optional.of(ingressConfig) : Optional.empty();
        checkedIngress.ifPresent(role -> relations.ofIngress(config, role, idleTimeout));
        worker.ifPresent(role -> role.check(relations, checkedIngress));
        relations.requireNoProblem();
    }

    /** On a thread of its own: HTTP answers meanwhile, and Kafka may come later than this process. */
    private void startRoles() throws Exception {
        KafkaClients kafka = kafka();
        TopicLayout layout = layout();
        RequestReader reader = new RequestReader(readerLimits(), config.nonFiniteNumbers());
        patient.untilDone("Kafka at " + config.kafka().bootstrapServers(), () -> {
            kafka.connection().check();
            return true;
        });
        kafkaWatch = Optional.of(new KafkaWatch(kafka, config.kafka().lostAfter(), processFaults));
        patient.untilDone("Shared topics", () -> {
            try (Admin admin = kafka.admin()) {
                layout.create(admin, layout.shared());
            }
            return true;
        });
        if (isIngress()) {
            Ingress role = new Ingress(
                    ingressConfig,
                    kafka,
                    layout,
                    reader,
                    redis,
                    vertx,
                    registry,
                    responses,
                    ingressFaults,
                    drain,
                    patient);
            ingress = Optional.of(role);
            role.awaitConnected(patient);
            warmUpPlan().ifPresent(plan -> role.warmUp(plan, pass, address.known()));
            ingressServes = true;
        }
        if (worker.isPresent()) {
            worker.get().start(kafka, layout, reader, processFaults, this::isEnding);
        }
    }

    /** Ends the process where only a human can help. */
    private void startOrEnd() throws InterruptedException {
        try {
            startRoles();
        } catch (InterruptedException stopping) {
            throw stopping;
        } catch (BadConnectionException | ConfigurationException bad) {
            LOG.fatal(bad.getMessage());
            Quarkus.asyncExit(ProcessEnd.BAD_CONFIGURATION);
        } catch (Exception failure) {
            if (!isEnding()) {
                LOG.fatal("The start failed, and the process ends", failure);
                Quarkus.asyncExit(FAILED_EXIT);
            }
        }
        starting.requestStop();
    }

    private boolean isEnding() {
        return ends || ApplicationLifecycleManager.isVmShuttingDown();
    }

    private boolean isIngress() {
        return config.roles().contains(PenstockConfig.Role.INGRESS);
    }

    /**
     * Readiness goes down now. After the delay, Quarkus refuses calls without a word, so the ingress refuses them before. Shutdown goes on
     * once all waiting calls have their answers, or after the timeout.
     */
    void leave(@Observes ShutdownDelayInitiatedEvent event) {
        Duration half = shutdownDelay.dividedBy(2);
        Duration refusesFor = half.compareTo(LONGEST_REFUSAL) < 0 ? half : LONGEST_REFUSAL;
        ingress.ifPresent(leaving -> leaving.leave(shutdownDelay.minus(refusesFor)));
    }

    void stop(@Observes ShutdownEvent event) {
        ends = true;
        starting.close();
        ingress.ifPresent(Ingress::close);
        worker.ifPresent(WorkerRole::close);
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

    @Produces
    @Singleton
    Drain drain() {
        return drain;
    }

    @Produces
    @Singleton
    WarmUpPass warmUpPass() {
        return pass;
    }

    @Produces
    @Singleton
    ResponseMeters responses() {
        return responses;
    }

    @Produces
    @Singleton
    IngressStart ingressStart() {
        return () ->
                ingressServes ? Optional.empty() : Optional.of(startWaitsFor().orElse("its own parts"));
    }

    /** What the start of the roles waits for, while something is missing. */
    Optional<String> startWaitsFor() {
        return patient.waitsFor();
    }

    /** Whether the process has the role of an ingress that does not take calls yet. */
    boolean isIngressStarting() {
        return isIngress() && !ingressServes;
    }

    /** Whether the process has an ingress whose warm-up has not ended, and readiness waits for it. */
    boolean isIngressWarmUpAwaited() {
        return warmUpPlan().filter(WarmUpPlan::isAwaited).isPresent()
                && ingress.filter(Ingress::isWarmingUp).isPresent();
    }

    /** A native executable is compiled already. */
    private Optional<WarmUpPlan> warmUpPlan() {
        return ImageMode.current().isNativeImage()
                ? Optional.empty()
                : config.warmUp().plan();
    }

    /** What {@code ingress.http} reports of its threads. */
    @Produces
    @Singleton
    Faults faults() {
        return ingressFaults;
    }

    /** The first thread that failed, of whatever role. */
    Optional<Fault> fault() {
        return ingressFaults.first().or(() -> worker.flatMap(WorkerRole::fault)).or(processFaults::first);
    }

    Optional<Ingress> maybeIngress() {
        return ingress;
    }

    /** Empty in a process without the role. */
    Optional<WorkerRole> maybeWorker() {
        return worker;
    }

    /** Empty while Kafka answers, and for a short time after it stopped answering. */
    Optional<Duration> kafkaLostFor() {
        return kafkaWatch.flatMap(KafkaWatch::lostFor);
    }

    /** 0 before the first answer, too. */
    private double kafkaUp() {
        return kafkaWatch.filter(KafkaWatch::answers).isPresent() ? 1 : 0;
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
                standard.maxStringBytes(),
                config.unknownMembers());
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
