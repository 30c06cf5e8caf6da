package dev.penstock.worker;

import dev.penstock.features.FeatureCaches;
import dev.penstock.features.cache.FeatureCache;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.kafka.BrokerClock;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.messages.Announcement;
import dev.penstock.model.MeasuredRun;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.Session;
import dev.penstock.model.config.FeaturesSection;
import dev.penstock.model.repository.LoadedModel;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelLoader;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.worker.intake.RequestConsumers;
import dev.penstock.worker.join.FeatureJoin;
import dev.penstock.worker.join.FeatureUpdates;
import dev.penstock.worker.reply.Announcer;
import dev.penstock.worker.reply.Cancellations;
import dev.penstock.worker.reply.ReplyTopics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jboss.logging.Logger;

/**
 * The worker role: loads the models of a folder, warms them up, announces and serves them. What is wrong with one is told by name and
 * reason, and the others serve.
 */
public final class Worker implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Worker.class);

    /** EX_UNAVAILABLE of sysexits. */
    private static final int DEVICE_LOST_EXIT = 69;

    /** A batch of long answers, such as 24 KiB each of a text's vectors, and the memory for as many as wait for the broker. */
    private static final int REPLY_BATCH_BYTES = 512 * 1024;

    private static final long REPLY_BUFFER_BYTES = 64 * 1024 * 1024;

    private static final Duration CANCELLATIONS_TIMEOUT = Duration.ofSeconds(10);

    private final WorkerConfig config;
    private final Map<String, Object> kafka;
    private final TopicLayout layout;
    private final RequestReader reader;
    private final FeatureCaches features;
    private final MeterRegistry registry;
    private final ModelLoader loader = new ModelLoader();
    private final Admin admin;
    private final Producer<byte[], byte[]> producer;
    private final BrokerClock brokerClock = new BrokerClock();
    private final Announcer announcer;
    private final ReplyTopics replyTopics;
    private final Map<FeatureCache, FeatureUpdates> updates = new ConcurrentHashMap<>();
    private final Cancellations cancellations;
    private final List<ModelServer> servers = new CopyOnWriteArrayList<>();
    private final Counter coldStarts;
    private volatile boolean warm;

    /**
     * @param kafka what all clients share: brokers and credentials
     * @param allowedReplyTopics where other systems may have replies sent
     */
    public Worker(
            WorkerConfig config,
            Map<String, Object> kafka,
            TopicLayout layout,
            List<String> allowedReplyTopics,
            RequestReader reader,
            FeatureCaches features,
            MeterRegistry registry) {
        this.config = config;
        this.kafka = kafka;
        this.layout = layout;
        this.reader = reader;
        this.features = features;
        this.registry = registry;
        this.admin = Admin.create(kafka);
        this.producer = producer();
        this.announcer = new Announcer(producer, brokerClock, config.heartbeat());
        this.replyTopics = new ReplyTopics(admin, producer, allowedReplyTopics);
        this.cancellations = new Cancellations(kafka);
        this.coldStarts = Counter.builder("inference.cold.starts")
                .description("Model versions that were loaded and warmed up, because this process started")
                .register(registry);
    }

    /**
     * Loads, warms up, announces and serves, each model as soon as it can be. Blocks until all models serve, or the process ends.
     *
     * @param isEnding whether the process ends: what is not served yet will not be
     * @throws IOException when the models' folder cannot be read
     * @throws ExecutionException when the broker refuses topics or announcements, or is out of reach
     */
    public void start(BooleanSupplier isEnding) throws IOException, ExecutionException, InterruptedException {
        ModelRepository.Contents contents = new ModelRepository(config.models(), config.maxModelBytes()).scan();
        contents.refused()
                .forEach(refusal -> LOG.errorf("Model %s is not served: %s", refusal.name(), refusal.reason()));
        Map<String, List<ModelDefinition>> models = contents.found().stream()
                .filter(definition ->
                        config.serve().isEmpty() || config.serve().get().contains(definition.name()))
                .collect(Collectors.groupingBy(ModelDefinition::name));
        cancellations.awaitKnown(CANCELLATIONS_TIMEOUT);
        loadAndServe(models, isEnding);
        if (isEnding.getAsBoolean()) {
            LOG.infof("Told to end when %d of %d models were loaded", servers.size(), models.size());
            return;
        }
        if (servers.isEmpty()) {
            LOG.warnf("There is no model to serve in %s", config.models().toAbsolutePath());
        }
        warm = true;
    }

    /** The smallest first, some at once, so that one that takes long does not hold back the others. */
    private void loadAndServe(Map<String, List<ModelDefinition>> models, BooleanSupplier isEnding)
            throws ExecutionException, InterruptedException {
        ExecutorService loaders = Executors.newFixedThreadPool(
                config.concurrentLoads(),
                task -> Thread.ofPlatform().name("penstock-loader").daemon().unstarted(task));
        try {
            List<Future<?>> serving = new ArrayList<>();
            models.entrySet().stream()
                    .sorted(Comparator.comparingLong(model -> bytes(model.getValue())))
                    .forEach(model -> serving.add(loaders.submit(() -> {
                        loadAndServe(model.getKey(), model.getValue(), isEnding);
                        return model.getKey();
                    })));
            for (Future<?> each : serving) {
                each.get();
            }
        } finally {
            loaders.shutdownNow();
        }
    }

    private static long bytes(List<ModelDefinition> versions) {
        return versions.stream()
                .mapToLong(version -> version.file().toFile().length())
                .sum();
    }

    /** @param definitions of all versions of one model, ascending */
    private void loadAndServe(String name, List<ModelDefinition> definitions, BooleanSupplier isEnding)
            throws ExecutionException, InterruptedException, TimeoutException {
        List<WarmModel> versions = new ArrayList<>();
        for (ModelDefinition definition : definitions) {
            if (isEnding.getAsBoolean()) {
                return;
            }
            load(definition).ifPresent(versions::add);
        }
        if (!versions.isEmpty() && !isEnding.getAsBoolean()) {
            serve(name, versions);
        }
    }

    /** Whether all models serve. */
    public boolean isReady() {
        return warm && servers.stream().allMatch(server -> server.failure().isEmpty());
    }

    /** What keeps it from being ready. */
    public String missing() {
        return servers.stream()
                .filter(server -> server.failure().isPresent())
                .map(server -> "model " + server.model() + " was stopped by a bug")
                .findFirst()
                .orElse("models are not warm");
    }

    /** Whether no bug has stopped a model. */
    public boolean isSound() {
        return servers.stream().allMatch(server -> server.failure().isEmpty());
    }

    @Override
    public void close() {
        announcer.withdraw();
        servers.forEach(ModelServer::stopTaking);
        for (ModelServer server : servers) {
            server.close();
        }
        updates.values().forEach(FeatureUpdates::close);
        cancellations.close();
        features.close();
        producer.close(Duration.ofSeconds(5));
        admin.close(Duration.ofSeconds(1));
    }

    private Optional<WarmModel> load(ModelDefinition definition) {
        List<Session> sessions = new ArrayList<>();
        List<MeasuredRun> runs = new ArrayList<>();
        double rowsPerSecond = 0;
        try {
            Optional<FeatureJoin> join = join(definition);
            for (int i = 0; i < definition.config().instances(); i++) {
                LoadedModel loaded = loader.load(definition);
                loaded.notes().forEach(note -> LOG.infof("Model %s: %s", definition.name(), note));
                sessions.add(loaded.session());
                runs.addAll(loaded.runs());
                rowsPerSecond += loaded.rowsPerSecond();
            }
            coldStarts.increment();
            LOG.infof(
                    "Model %s version %d is warm on %s: %.0f rows/s in full batches",
                    definition.name(), definition.version(), sessions.getFirst().executionProvider(), rowsPerSecond);
            return Optional.of(new WarmModel(definition, sessions, runs, rowsPerSecond, join));
        } catch (ModelRefusedException refused) {
            sessions.forEach(Session::close);
            LOG.errorf(
                    "Model %s version %d is not served: %s",
                    definition.name(), definition.version(), refused.getMessage());
            return Optional.empty();
        }
    }

    private Optional<FeatureJoin> join(ModelDefinition definition) throws ModelRefusedException {
        if (definition.config().features().isEmpty()) {
            return Optional.empty();
        }
        FeaturesSection section = definition.config().features().get();
        Signature model = definition.graph().signature();
        boolean servesStale = section.onUnavailable() == FeaturesSection.Fallback.STALE;
        try {
            FeatureView view = new FeatureView(
                    section.view(), section.version(), section.names(), section.defaults(), servesStale);
            return Optional.of(new FeatureJoin(
                    section,
                    features.open(view, section.source()),
                    model,
                    section.announced(model),
                    section.target(model)));
        } catch (IllegalArgumentException broken) {
            throw new ModelRefusedException("its features: " + broken.getMessage(), broken);
        }
    }

    private void serve(String name, List<WarmModel> versions)
            throws ExecutionException, InterruptedException, TimeoutException {
        layout.create(admin, layout.ofModel(name));
        for (WarmModel version : versions) {
            if (version.features().isPresent()) {
                follow(version.features().get());
            }
        }
        for (WarmModel version : versions) {
            announcer.announce(
                    announcement(version).notReady()); // and with it, learn the broker's clock before anything is timed
        }
        ModelServer server = new ModelServer(
                name,
                versions,
                new ModelServer.Shared(
                        config,
                        producer,
                        new RequestConsumers(kafka, config.groupProtocol()),
                        replyTopics,
                        cancellations,
                        reader,
                        brokerClock,
                        layout.maxRecordBytes(),
                        registry,
                        Worker::end));
        servers.add(server);
        server.start();
        for (WarmModel version : versions) {
            announcer.announce(announcement(version));
        }
    }

    private synchronized void follow(FeatureJoin join) throws ExecutionException, InterruptedException {
        if (!updates.containsKey(join.cache())) {
            layout.create(admin, layout.ofView(join.section().view()));
            FeatureUpdates following =
                    new FeatureUpdates(kafka, join.cache(), join.section().datatype(), registry);
            updates.put(join.cache(), following);
            following.awaitFollowing();
        }
    }

    /** At once: what was taken is not committed, and another worker serves it. Answering anything from here would answer wrong. */
    private static void end(String reason) {
        LOG.fatalf("The accelerator is lost until this process is started anew, so it ends: %s", reason);
        Runtime.getRuntime().halt(DEVICE_LOST_EXIT);
    }

    private Announcement announcement(WarmModel model) {
        ModelDefinition definition = model.definition();
        return new Announcement(
                definition.name(),
                model.version(),
                config.id().orElseGet(Worker::processName),
                model.signature(),
                definition.config().maxRequestRows(),
                definition.config().maxTensorBytes(),
                definition.config().timeout().map(Duration::toMillis).orElse(0L),
                config.commitInterval().toMillis(),
                model.sessions().getFirst().executionProvider(),
                true);
    }

    /**
     * A batch's replies leave together, and what is on its way when the next batch ends gathers the replies of that one.
     */
    private Producer<byte[], byte[]> producer() {
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        settings.put(ProducerConfig.BATCH_SIZE_CONFIG, REPLY_BATCH_BYTES);
        settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, REPLY_BUFFER_BYTES);
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, layout.maxRecordBytes());
        settings.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, Duration.ofDays(7).toMillis());
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static String processName() {
        try {
            return InetAddress.getLocalHost().getHostName() + "-"
                    + ProcessHandle.current().pid();
        } catch (UnknownHostException nameless) {
            return "worker-" + ProcessHandle.current().pid();
        }
    }
}
