package dev.penstock.worker;

import dev.penstock.features.FeatureCaches;
import dev.penstock.kafka.BrokerClock;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.model.config.RemoteSection;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.model.repository.ResidentMemory;
import dev.penstock.process.WarmUpPlan;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.threads.Fault;
import dev.penstock.threads.Faults;
import dev.penstock.threads.ServiceThread;
import dev.penstock.threads.Time;
import dev.penstock.tracing.Tracing;
import dev.penstock.worker.intake.RequestConsumers;
import dev.penstock.worker.loop.WorkerMeters;
import dev.penstock.worker.reply.Announcer;
import dev.penstock.worker.reply.Cancellations;
import dev.penstock.worker.reply.Deliveries;
import dev.penstock.worker.reply.EarlierReplies;
import dev.penstock.worker.reply.ReplyProducers;
import dev.penstock.worker.reply.ReplyTopics;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.jboss.logging.Logger;

/**
 * The worker role: loads the models of a folder, warms them up, announces and serves them. Models that cannot be served are logged and
 * announced with the reason; the others keep serving.
 */
public final class Worker implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Worker.class);

    /** EX_UNAVAILABLE of sysexits. */
    private static final int DEVICE_LOST_EXIT = 69;

    private static final Duration CANCELLATIONS_TIMEOUT = Duration.ofSeconds(10);
    static final Duration TRY_AGAIN = Duration.ofSeconds(1);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    /** The size of a model that is elsewhere: to wait for its centre holds back no other. */
    private static final long LAST = Long.MAX_VALUE;

    /** Each waits for the broker most of the time. */
    private static final int CONCURRENT_JOINS = 8;

    private final WorkerConfig config;
    private final Optional<WarmUpPlan> plan;
    private final KafkaClients kafka;
    private final TopicLayout layout;
    private final RequestReader reader;
    private final FeatureCaches features;
    private final MeterRegistry registry;
    private final Tracing tracing;
    private final Faults faults;
    private final Admin admin;
    private final ReplyProducers producers;
    private final BrokerClock brokerClock = new BrokerClock();
    private final Announcer announcer;
    private final ModelStates states;
    private final ReplyTopics replyTopics;
    private final Deliveries deliveries;
    private final EarlierReplies earlierReplies;

    /** A suspect that ends the process must be the only one that runs, so that no other gets the blame. */
    private final Semaphore trialPermit = new Semaphore(1);

    private final Cancellations cancellations;

    /** The names of the models whose first try to load and serve them is over, whatever came of it. */
    private final Set<String> tried = ConcurrentHashMap.newKeySet();

    private final Map<String, WorkerMeters> meters = new ConcurrentHashMap<>();
    private final ColdStarts coldStarts;
    private final ModelLoading loading;
    private final ServedModels served;
    private volatile Optional<ServiceThread> awaitsCentres = Optional.empty();
    private volatile Optional<WarmUpRecords> warmUp = Optional.empty();
    private volatile int expected = 1;
    private volatile boolean warm;
    private volatile String nothing = "";

    /**
     * @param warmUp by records that this worker sends itself; empty for none
     * @param allowedReplyTopics reply topics that other systems may name
     * @param faults hears of threads that failed
     */
    public Worker(
            WorkerConfig config,
            Optional<WarmUpPlan> warmUp,
            KafkaClients kafka,
            TopicLayout layout,
            List<String> allowedReplyTopics,
            RequestReader reader,
            FeatureCaches features,
            MeterRegistry registry,
            Tracing tracing,
            Faults faults) {
        this.config = config;
        this.plan = warmUp;
        this.faults = faults;
        this.kafka = kafka;
        this.layout = layout;
        this.reader = reader;
        this.features = features;
        this.registry = registry;
        this.coldStarts = new ColdStarts(registry, Time.OF_MACHINE);
        this.tracing = tracing;
        this.admin = kafka.admin();
        this.producers = ReplyProducers.open(kafka, layout.maxRecordBytes(), faults);
        String id = config.id().orElseGet(Worker::processName);
        this.announcer = new Announcer(producers.ours().prompt(), brokerClock, config.heartbeat(), faults);
        this.states = new ModelStates(announcer, id, registry);
        this.loading = new ModelLoading(config, features, states, coldStarts);
        this.replyTopics = new ReplyTopics(
                admin, producers, allowedReplyTopics, (topic, made) -> served().makeAgain(topic, made), faults);
        this.deliveries = new Deliveries(producers, replyTopics, registry, faults);
        this.earlierReplies = new EarlierReplies(
                kafka.searcher(Map.of(
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        "earliest",
                        ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                        false,
                        ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                        5000)),
                faults);
        this.cancellations = new Cancellations(kafka, faults);
        this.served = new ServedModels(
                id,
                config.commitInterval(),
                kafka,
                admin,
                layout,
                announcer,
                states,
                shared(),
                registry,
                faults,
                this::isWarmUpAwaited);
    }

    /** For those that are made before it. */
    private ServedModels served() {
        return served;
    }

    /**
     * Loads, warms up, announces and serves, each model as soon as it can be. Blocks until all models serve, or the process ends.
     *
     * @param isEnding whether the process ends: models that do not serve yet will not
     * @throws IOException when the models' folder cannot be read
     * @throws ExecutionException when a bug ends the start
     */
    public void start(BooleanSupplier isEnding) throws IOException, ExecutionException, InterruptedException {
        ModelRepository.Contents contents = loading.repository().scan();
        contents.refused().stream()
                .filter(refusal -> isWanted(refusal.name()))
                .forEach(refusal -> states.refused(refusal.name(), refusal.version(), refusal.reason()));
        Map<String, List<ModelDefinition>> models = contents.found().stream()
                .filter(definition -> isWanted(definition.name()))
                .collect(Collectors.groupingBy(ModelDefinition::name, HashMap::new, Collectors.toList()));
        Map<String, ModelRepository.FetchedModel> fetched = contents.fetched().stream()
                .filter(model -> isWanted(model.name()))
                .collect(Collectors.toMap(ModelRepository.FetchedModel::name, Function.identity()));
        fetched.keySet().forEach(name -> models.computeIfAbsent(name, none -> List.of()));
        expected = models.size();
        models.keySet().forEach(coldStarts::expected);
        models.values().stream()
                .flatMap(List::stream)
                .forEach(model -> states.loading(model.name(), model.version(), "it is being loaded and warmed up"));
        cancellations.awaitKnown(CANCELLATIONS_TIMEOUT);
        warmUp = plan.map(bounds -> new WarmUpRecords(bounds, kafka, layout, this::ofWarmUp));
        loadAndServe(models, fetched, isEnding);
        giveMemoryBack();
        while ((!served.areAll() || loading.missing().isPresent()) && !isEnding.getAsBoolean()) {
            Thread.sleep(TRY_AGAIN);
            served.serveKept();
            loadAway(isEnding);
        }
        while (isWarmUpAwaited() && !isEnding.getAsBoolean()) {
            Thread.sleep(LOOK_AGAIN);
        }
        if (isEnding.getAsBoolean()) {
            LOG.infof("The process ends after %d of %d models were loaded", served.count(), models.size());
            return;
        }
        if (served.count() == 0) {
            nothing = nothing(models.isEmpty() && contents.refused().stream().noneMatch(each -> isWanted(each.name())));
            LOG.warnf("This worker %s", nothing);
        }
        warm = true;
        if (!loading.away().isEmpty()) {
            awaitsCentres = Optional.of(new ServiceThread(
                            "penstock-centres",
                            "Models whose centre was away at the start stay with their fallback.",
                            faults,
                            () -> {
                                Thread.sleep(TRY_AGAIN);
                                served.serveKept();
                                loadAway(isEnding);
                            })
                    .start());
        }
    }

    /** @param isEmpty whether the folder has nothing that it should serve */
    private String nothing(boolean isEmpty) {
        Path folder = config.models().toAbsolutePath().normalize();
        if (!isEmpty) {
            return "serves nothing: no model in " + folder + " can be served; the lines above say why";
        }
        return config.serve()
                .map(names -> "serves nothing: " + folder + " has none of penstock.worker.serve ("
                        + String.join(",", names) + ")")
                .orElse("serves nothing: there is no model in " + folder
                        + "; put one at NAME/1/model.onnx in it, or set" + " penstock.worker.allow-empty=true");
    }

    /** Loading leaves more garbage behind than serving makes in hours: files, made-up rows and their results. */
    private void giveMemoryBack() {
        long before = ResidentMemory.bytes();
        ResidentMemory.giveBack();
        LOG.infof(
                "%d models are loaded; the process holds %d MiB, and held %d MiB before it gave memory back",
                served.count(), ResidentMemory.bytes() >> 20, before >> 20);
    }

    private boolean isWanted(String model) {
        return config.serve().isEmpty() || config.serve().get().contains(model);
    }

    /**
     * Loads the smallest first and several at once, so that a slow model does not hold back the others. What is loaded waits for Kafka on
     * other threads than those that load.
     */
    private void loadAndServe(
            Map<String, List<ModelDefinition>> models,
            Map<String, ModelRepository.FetchedModel> fetched,
            BooleanSupplier isEnding)
            throws ExecutionException, InterruptedException {
        // Closing waits: ONNX Runtime must not be unloaded while it loads a model.
        try (ExecutorService fetchers = Executors.newVirtualThreadPerTaskExecutor();
                ExecutorService joiners = daemons("penstock-joiner", CONCURRENT_JOINS);
                ExecutorService loaders = daemons("penstock-loader", config.concurrentLoads())) {
            Map<String, CompletableFuture<Void>> byName = new HashMap<>();
            List<CompletableFuture<Void>> serving = new ArrayList<>();
            models.entrySet().stream()
                    .sorted(Comparator.comparingLong(model -> bytes(model.getValue())))
                    .forEach(model -> {
                        CompletableFuture<List<ModelDefinition>> here = Optional.ofNullable(fetched.get(model.getKey()))
                                .map(from -> CompletableFuture.supplyAsync(
                                        () -> fetch(from, model.getValue(), isEnding), fetchers))
                                .orElse(CompletableFuture.completedFuture(model.getValue()));
                        CompletableFuture<Void> whenServed = fallback(model.getValue())
                                .map(byName::get)
                                .orElse(CompletableFuture.completedFuture(null))
                                .thenCombineAsync(here, (ready, versions) -> load(versions, isEnding), loaders)
                                .thenAcceptAsync(versions -> serveFirst(model.getKey(), versions, isEnding), joiners);
                        byName.put(model.getKey(), whenServed);
                        serving.add(whenServed);
                    });
            for (Future<?> each : serving) {
                while (!isDone(each)) {
                    served.serveKept();
                    loadAway(isEnding);
                }
            }
        }
    }

    /** The model that has to be loaded before this one. Those without files come last, so that it comes before. */
    private static Optional<String> fallback(List<ModelDefinition> versions) {
        return versions.stream()
                .findFirst()
                .flatMap(version -> version.config().remote())
                .flatMap(RemoteSection::fallback);
    }

    private List<ModelDefinition> fetch(
            ModelRepository.FetchedModel model, List<ModelDefinition> here, BooleanSupplier isEnding) {
        try {
            return loading.fetch(model, here, isEnding);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return here;
        }
    }

    private static ExecutorService daemons(String name, int threads) {
        return Executors.newFixedThreadPool(
                threads, task -> Thread.ofPlatform().name(name).daemon().unstarted(task));
    }

    private static boolean isDone(Future<?> serving) throws ExecutionException, InterruptedException {
        try {
            serving.get(TRY_AGAIN.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException notYet) {
            return false;
        }
    }

    private static long bytes(List<ModelDefinition> versions) {
        return versions.stream()
                .mapToLong(version ->
                        version.isRemote() ? LAST : version.file().toFile().length())
                .sum();
    }

    /**
     * @param definitions of all versions of one model, ascending
     * @return those that could be loaded
     */
    private List<WarmModel> load(List<ModelDefinition> definitions, BooleanSupplier isEnding) {
        List<WarmModel> versions = new ArrayList<>();
        for (ModelDefinition definition : definitions) {
            if (!isEnding.getAsBoolean()) {
                loading.load(definition).or(() -> loading.standIn(definition)).ifPresent(versions::add);
            }
        }
        return versions;
    }

    private void serveFirst(String name, List<WarmModel> versions, BooleanSupplier isEnding) {
        if (!versions.isEmpty() && !isEnding.getAsBoolean()) {
            served.serve(name, versions);
        }
        tried.add(name);
    }

    private boolean isWarmUpAwaited() {
        return plan.filter(WarmUpPlan::isAwaited).isPresent()
                && warmUp.filter(records -> !records.isDone()).isPresent();
    }

    /** Whether all models serve. Without any it is ready only if it may be. */
    public boolean isReady() {
        return warm && isSound() && (served.count() > 0 || config.allowEmpty());
    }

    /** The reason why the worker is not ready. */
    public String missing() {
        return served.stopped()
                .or(() -> faults.first().map(fault -> "thread " + fault.thread() + " was stopped by a bug"))
                .or(served::missing)
                .or(loading::missing)
                .orElseGet(() -> isWarmUpAwaited() ? "the worker warms up" : warm ? nothing : "models are not warm");
    }

    /** Whether no bug has stopped a model or a thread. */
    public boolean isSound() {
        return faults.isEmpty() && served.areSound();
    }

    @Override
    public void close() {
        awaitsCentres.ifPresent(ServiceThread::close);
        announcer.withdraw();
        warmUp.ifPresent(WarmUpRecords::close);
        served.close();
        cancellations.close();
        earlierReplies.close();
        deliveries.close();
        replyTopics.close();
        features.close();
        producers.close();
        admin.close(Duration.ofSeconds(1));
    }

    /** Tries again to load models whose centre was away. What stood in for them is served no longer then. */
    private void loadAway(BooleanSupplier isEnding) {
        for (ModelDefinition model : loading.away()) {
            if (!tried.contains(model.name()) || isEnding.getAsBoolean()) {
                continue;
            }
            Optional<WarmModel> loaded = loading.load(model);
            if (loaded.isPresent()) {
                served.serve(model.name(), List.of(loaded.get()));
            } else if (!loading.isAway(model.name())) {
                served.end(model.name());
                nothing = served.count() == 0 ? nothing(false) : "";
            }
        }
    }

    /** The same for whatever serves the model, one after the other: a registry knows the first gauges alone. */
    private WorkerMeters meters(String model) {
        return meters.computeIfAbsent(model, name -> new WorkerMeters(registry, name));
    }

    private ModelServer.Shared shared() {
        return new ModelServer.Shared(
                config,
                deliveries,
                new RequestConsumers(kafka, config.groupProtocol(), () -> expected),
                announcer::reads,
                replyTopics,
                earlierReplies,
                trialPermit,
                cancellations,
                reader,
                brokerClock,
                this::meters,
                tracing,
                Worker::end,
                states::stopped,
                faults);
    }

    /** The same for the warm-up: what it serves is not announced, not counted and not traced, and answered by producers of its own. */
    private ModelServer.Shared ofWarmUp(
            ReplyTopics topics, Deliveries answers, MeterRegistry uncounted, Consumer<? super Fault> trouble) {
        return new ModelServer.Shared(
                config,
                answers,
                new RequestConsumers(kafka, config.groupProtocol(), () -> expected),
                (model, partitions) -> {},
                topics,
                earlierReplies,
                new Semaphore(1),
                cancellations,
                reader,
                brokerClock,
                model -> new WorkerMeters(uncounted, model),
                tracing,
                reason -> trouble.accept(
                        new Fault("penstock-warm-up", reason, new IllegalStateException("the accelerator is lost"))),
                (model, versions, bug) -> {},
                trouble);
    }

    /** Ends the process at once: open requests are not committed, so another worker serves them. Any answer from here could be wrong. */
    private static void end(String reason) {
        LOG.fatalf("The accelerator is lost until this process restarts, so the process ends: %s", reason);
        Runtime.getRuntime().halt(DEVICE_LOST_EXIT);
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
