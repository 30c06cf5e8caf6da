package dev.penstock.worker;

import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.batching.Window;
import dev.penstock.kafka.BrokerClock;
import dev.penstock.model.Session;
import dev.penstock.model.Slot;
import dev.penstock.model.SubstituteSlot;
import dev.penstock.model.config.CroppedSlot;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.PaddedSlot;
import dev.penstock.model.config.PaddingPlanner;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.threads.Fault;
import dev.penstock.threads.LoopThread;
import dev.penstock.threads.ServiceThread;
import dev.penstock.threads.Time;
import dev.penstock.tracing.Tracing;
import dev.penstock.worker.accepted.OpenWork;
import dev.penstock.worker.intake.Intake;
import dev.penstock.worker.intake.Membership;
import dev.penstock.worker.intake.RecordDecoder;
import dev.penstock.worker.intake.RequestConsumers;
import dev.penstock.worker.intake.rules.IntakeBounds;
import dev.penstock.worker.join.FeatureStage;
import dev.penstock.worker.loop.Accelerator;
import dev.penstock.worker.loop.AnswerCache;
import dev.penstock.worker.loop.SessionAccelerator;
import dev.penstock.worker.loop.Site;
import dev.penstock.worker.loop.WorkerLoop;
import dev.penstock.worker.loop.WorkerMeters;
import dev.penstock.worker.reply.Cancellations;
import dev.penstock.worker.reply.Deliveries;
import dev.penstock.worker.reply.EarlierReplies;
import dev.penstock.worker.reply.Relay;
import dev.penstock.worker.reply.ReplyPublisher;
import dev.penstock.worker.reply.ReplyTopics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Serves one model: an intake for the model, a loop for each version, and a thread with two slots for each concurrent run. A bug in any of
 * them stops the model and is reported, see {@link #failure}.
 */
final class ModelServer implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ModelServer.class);
    private static final int SLOTS_PER_RUNNER = 2;

    /** After the drain timeout the intake still commits and leaves its group. */
    private static final Duration AFTER_DRAIN = Duration.ofSeconds(10);

    private static final Duration RUN_TIMEOUT = Duration.ofSeconds(10);

    private final String model;
    private final List<String> versions;
    private final boolean borrowsSessions;
    private final StopListener stopListener;
    private final List<AutoCloseable> parts = new ArrayList<>();
    private final Map<LoopThread, WorkerLoop> loops = new LinkedHashMap<>();
    private final List<ExecutorService> runners = new ArrayList<>();
    private final ServiceThread intakeThread;
    private final Consumer<? super Fault> faults;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    /** Hears that a bug has stopped a model. */
    @FunctionalInterface
    interface StopListener {
        void stopped(String model, List<String> versions, Throwable bug);
    }

    /**
     * @param versions all of one model, ascending
     * @param membership how the server comes to its partitions
     */
    ModelServer(String model, List<WarmModel> versions, Membership membership, Shared shared) {
        this.model = model;
        this.versions = versions.stream().map(WarmModel::version).toList();
        this.borrowsSessions = versions.stream()
                .anyMatch(version -> version.others().fallback().isPresent());
        this.stopListener = shared.stopListener();
        this.faults = shared.faults();
        WorkerMeters meters = shared.meters().apply(model);
        meters.servesNone();
        ReplyPublisher replies = new ReplyPublisher(
                shared.deliveries(),
                model,
                versions.stream().collect(Collectors.toMap(WarmModel::version, WarmModel::signature)),
                shared.reader().limits().maxBodyBytes(),
                shared.reader().nonFinite(),
                meters,
                shared.cancellations()::contains,
                Time.OF_MACHINE);
        Map<String, Intake.Version> served = new HashMap<>();
        for (WarmModel version : versions) {
            served.put(version.version(), serve(version, replies, meters, shared));
        }
        Intake intake = new Intake(
                model,
                membership,
                shared.consumers().forModel(model),
                served,
                versions.getLast().version(),
                new Intake.Answering(
                        shared.replyTopics(),
                        shared.earlierReplies(),
                        replies,
                        new Relay(model, shared.deliveries(), meters)),
                meters,
                new IntakeBounds(
                        new OpenWork.Amount(
                                shared.config().maxOpenRequests(),
                                shared.config().maxOpenRows(),
                                shared.config().maxOpenBytes()),
                        shared.config().commitInterval(),
                        shared.config().drainTimeout(),
                        shared.consumers().pace()),
                shared.brokerClock(),
                Time.OF_MACHINE,
                shared.tracing(),
                shared.trialPermit(),
                partitions -> shared.assignments().accept(model, partitions));
        this.intakeThread = new ServiceThread(
                "penstock-intake-" + model,
                consequence(),
                this::failed,
                shared.config().drainTimeout().plus(AFTER_DRAIN),
                new ServiceThread.Duty() {
                    @Override
                    public void turn() {
                        intake.run();
                    }

                    @Override
                    public void interrupt(Thread thread) {
                        intake.stop();
                    }
                });
    }

    void start() {
        loops.forEach((thread, loop) -> thread.start(loop::step));
        intakeThread.start();
    }

    String model() {
        return model;
    }

    /** Whether it runs batches on sessions of another model, so that it must be closed before that one. */
    boolean borrowsSessions() {
        return borrowsSessions;
    }

    /** The bug that stopped this model; empty while it is served. */
    Optional<Throwable> failure() {
        return Optional.ofNullable(failure.get());
    }

    /** Begins to stop: takes no more requests, and answers those it has taken. */
    void stopTaking() {
        intakeThread.requestStop();
    }

    /** Waits until the requests that were taken are answered, but no longer than the drain timeout, and frees everything. */
    @Override
    public void close() {
        intakeThread.close();
        loops.keySet().forEach(LoopThread::close);
        if (!haveRunnersEnded()) {
            LOG.warnf("Model %s: a run did not end within %s; its session is not freed", model, RUN_TIMEOUT);
            return;
        }
        for (AutoCloseable part : parts.reversed()) {
            try {
                part.close();
            } catch (Exception broken) {
                LOG.warnf(broken, "Model %s: could not free %s", model, part);
            }
        }
    }

    private boolean haveRunnersEnded() {
        runners.forEach(ExecutorService::shutdown);
        try {
            for (ExecutorService runner : runners) {
                if (!runner.awaitTermination(RUN_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                    return false;
                }
            }
            return true;
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Intake.Version serve(WarmModel loaded, ReplyPublisher replies, WorkerMeters meters, Shared shared) {
        ModelConfig config = loaded.definition().config();
        PaddingPlanner planner = new PaddingPlanner(loaded.definition().graph(), config);
        RecordDecoder decoder = new RecordDecoder(
                shared.reader(),
                loaded.signature(),
                config,
                planner,
                config.timeout().orElse(shared.config().defaultTimeout()),
                shared.brokerClock());
        LoopThread thread =
                new LoopThread("penstock-loop-" + model + "-" + loaded.version(), consequence(), this::failed);
        List<Site> sites = sites(loaded, planner, meters, shared.config().bulkFloor());
        Optional<AnswerCache> cache = config.cache().map(section -> new AnswerCache(section, meters));
        WorkerLoop loop = new WorkerLoop(sites, cache, replies, meters, shared.deviceLost(), thread::wake);
        loops.put(thread, loop);
        return new Intake.Version(
                decoder,
                loop,
                new FeatureStage(loop, planner, replies, loaded.features(), this::failed, Time.OF_MACHINE));
    }

    private List<Site> sites(WarmModel loaded, PaddingPlanner planner, WorkerMeters meters, double bulkFloor) {
        String name = "penstock-session-" + model + "-" + loaded.version();
        ModelConfig config = loaded.definition().config();
        CostModel costs = new CostModel();
        loaded.runs()
                .forEach(run ->
                        costs.observe(planner.planWithoutLearning(run.inputs()).batchKey(), run.rows(), run.nanos()));
        List<Site> sites = new ArrayList<>();
        List<List<Accelerator>> slots = new ArrayList<>();
        if (loaded.definition().isRemote()) {
            loaded.sessions()
                    .forEach(centre ->
                            sites.add(centre(Site.Kind.HOME, centre, centre::openSlot, config, meters, bulkFloor)));
        } else {
            for (Session session : loaded.sessions()) {
                slots.addAll(runners(session, session::openSlot, name));
            }
            parts.addAll(0, loaded.sessions()); // closed after their slots
            meters.serves(slots.size(), config.rowsPerRun(), costs.expectedNanos(config.rowsPerRun()));
            BatchPolicy policy = policy(config, config.rowsPerRun(), 1, bulkFloor);
            sites.add(Site.home(new Batcher<>(policy, costs), slots));
        }
        loaded.others().overflow().ifPresent(centre -> {
            Supplier<Slot> slot = () -> new PaddedSlot(centre.openSlot(), planner);
            sites.add(centre(Site.Kind.OVERFLOW, centre, slot, config, meters, bulkFloor));
        });
        loaded.others().fallback().ifPresent(other -> sites.add(fallback(loaded, other, meters, bulkFloor)));
        return sites;
    }

    /** Calls to a centre wait for it most of the time, and each is assembled in no time beside that. */
    private Site centre(
            Site.Kind kind,
            Session centre,
            Supplier<Slot> openSlot,
            ModelConfig config,
            WorkerMeters meters,
            double bulkFloor) {
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        runners.add(threads);
        List<Accelerator> calls = new ArrayList<>();
        for (int i = 0; i < centre.concurrentRuns(); i++) {
            calls.add(accelerator(openSlot.get(), threads));
        }
        parts.addFirst(centre);
        if (kind == Site.Kind.HOME) {
            meters.serves(calls.size(), config.rowsPerRun(), 0);
        }
        BatchPolicy policy = policy(config, config.rowsPerRun(), calls.size(), bulkFloor);
        return Site.centre(kind, new Batcher<>(policy, new CostModel()), calls);
    }

    /** The sessions of a model that is served beside this one, with slots of their own for this one. */
    private Site fallback(WarmModel loaded, WarmModel other, WorkerMeters meters, double bulkFloor) {
        ModelConfig config = loaded.definition().config();
        int rows = Math.min(config.rowsPerRun(), other.definition().config().rowsPerRun());
        PaddingPlanner planner = new PaddingPlanner(
                other.definition().graph(), other.definition().config());
        CostModel costs = new CostModel();
        other.runs().forEach(run -> costs.observe("warm-up", run.rows(), run.nanos()));
        List<List<Accelerator>> slots = new ArrayList<>();
        for (Session session : other.sessions()) {
            Supplier<Slot> slot = () -> new SubstituteSlot(
                    new CroppedSlot(session.openSlot(), planner),
                    loaded.definition().graph().signature(),
                    session.signature());
            slots.addAll(runners(session, slot, "penstock-session-" + model + "-fallback"));
        }
        if (loaded.sessions().isEmpty()) {
            meters.serves(slots.size(), rows, costs.expectedNanos(rows));
        }
        BatchPolicy policy = policy(config, rows, 1, bulkFloor);
        return Site.fallback(other.definition().name(), new Batcher<>(policy, costs), slots);
    }

    /** @param runs that go on at once without slowing each other down */
    private static BatchPolicy policy(ModelConfig config, int rows, int runs, double bulkFloor) {
        Window window =
                Window.adaptive().forEachOf(runs).atLeast(config.minQueueDelay().toNanos());
        return new BatchPolicy(
                rows,
                config.maxQueueDelay()
                        .map(bound -> window.atMost(bound.toNanos()))
                        .orElse(window),
                config.preferredBatchSizes().stream()
                        .filter(size -> size <= rows)
                        .toList(),
                bulkFloor);
    }

    private List<List<Accelerator>> runners(Session session, Supplier<Slot> slots, String name) {
        List<List<Accelerator>> runners = new ArrayList<>();
        for (int i = 0; i < session.concurrentRuns(); i++) {
            runners.add(runner(slots, name));
        }
        return runners;
    }

    /** A thread that runs one batch at a time, and the slots that keep it busy. */
    private List<Accelerator> runner(Supplier<Slot> openSlot, String name) {
        ExecutorService thread = Executors.newSingleThreadExecutor(
                task -> Thread.ofPlatform().name(name).daemon().unstarted(task));
        runners.add(thread);
        List<Accelerator> slots = new ArrayList<>();
        for (int i = 0; i < SLOTS_PER_RUNNER; i++) {
            slots.add(accelerator(openSlot.get(), thread));
        }
        return slots;
    }

    private Accelerator accelerator(Slot slot, ExecutorService thread) {
        parts.add(slot);
        return new SessionAccelerator(slot, run -> thread.execute(() -> runOrFail(run)));
    }

    /** An executor would lose what the run throws, and its slot would stay taken for ever. */
    private void runOrFail(Runnable run) {
        try {
            run.run();
        } catch (Throwable bug) {
            failed(bug);
        }
    }

    private void failed(Throwable bug) {
        failed(new Fault(Thread.currentThread().getName(), consequence(), bug));
    }

    private void failed(Fault fault) {
        boolean isFirst = failure.compareAndSet(null, fault.cause());
        faults.accept(fault);
        if (isFirst) {
            stopListener.stopped(model, versions, fault.cause());
        }
        intakeThread.requestStop();
    }

    private String consequence() {
        return "This worker no longer serves model " + model + ".";
    }

    /**
     * Shared by all models of a worker.
     *
     * @param assignments hears which partitions of a model this worker reads; must not block
     */
    record Shared(
            WorkerConfig config,
            Deliveries deliveries,
            RequestConsumers consumers,
            BiConsumer<String, Map<Lane, List<Integer>>> assignments,
            ReplyTopics replyTopics,
            EarlierReplies earlierReplies,
            Semaphore trialPermit,
            Cancellations cancellations,
            RequestReader reader,
            BrokerClock brokerClock,
            Function<String, WorkerMeters> meters,
            Tracing tracing,
            Consumer<String> deviceLost,
            StopListener stopListener,
            Consumer<? super Fault> faults) {}
}
