package dev.penstock.worker;

import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.batching.Window;
import dev.penstock.kafka.BrokerClock;
import dev.penstock.model.Session;
import dev.penstock.model.Slot;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.PaddingPlanner;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.worker.accepted.OpenWork;
import dev.penstock.worker.intake.Intake;
import dev.penstock.worker.intake.RecordDecoder;
import dev.penstock.worker.intake.RequestConsumers;
import dev.penstock.worker.intake.rules.IntakeBounds;
import dev.penstock.worker.join.FeatureStage;
import dev.penstock.worker.loop.Accelerator;
import dev.penstock.worker.loop.LoopThread;
import dev.penstock.worker.loop.SessionAccelerator;
import dev.penstock.worker.loop.WorkerLoop;
import dev.penstock.worker.loop.WorkerMeters;
import dev.penstock.worker.reply.Cancellations;
import dev.penstock.worker.reply.ReplyPublisher;
import dev.penstock.worker.reply.ReplyTopics;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.jboss.logging.Logger;

/**
 * One model being served: an intake for the model; for each version a loop, and for each run that may go on at once a thread with two slots. A bug
 * in any of them stops the model visibly, see {@link #failure}.
 */
final class ModelServer implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ModelServer.class);
    private static final int SLOTS_A_RUNNER = 2;

    private final String model;
    private final List<AutoCloseable> parts = new ArrayList<>();
    private final Map<LoopThread, WorkerLoop> loops = new LinkedHashMap<>();
    private final Intake intake;
    private final Thread intakeThread;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    /** @param versions all of one model, ascending */
    ModelServer(String model, List<WarmModel> versions, Shared shared) {
        this.model = model;
        WorkerMeters meters = new WorkerMeters(shared.registry(), model);
        ReplyPublisher replies =
                new ReplyPublisher(shared.producer(), model, shared.maxRecordBytes(), meters, shared.cancellations());
        Map<String, Intake.Version> served = new HashMap<>();
        for (WarmModel version : versions) {
            served.put(version.version(), serve(version, replies, meters, shared));
        }
        this.intake = new Intake(
                model,
                shared.consumers().forModel(model),
                served,
                versions.getLast().version(),
                shared.replyTopics(),
                replies,
                meters,
                new IntakeBounds(
                        new OpenWork.Amount(
                                shared.config().maxOpenRequests(),
                                shared.config().maxOpenRows(),
                                shared.config().maxOpenBytes()),
                        shared.config().commitInterval(),
                        shared.config().drainTimeout()));
        this.intakeThread = Thread.ofPlatform().name("penstock-intake-" + model).unstarted(() -> {
            try {
                intake.run();
            } catch (Throwable bug) {
                failed(bug);
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

    /** What stopped this model, if something did. */
    Optional<Throwable> failure() {
        return Optional.ofNullable(failure.get());
    }

    /** Begins to stop: takes no more, and answers what it has taken. */
    void stopTaking() {
        intake.stop();
    }

    /** Waits until what was taken is answered, or the drain timeout is over, and frees everything. */
    @Override
    public void close() {
        try {
            intakeThread.join();
            for (LoopThread thread : loops.keySet()) {
                thread.stop();
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        for (AutoCloseable part : parts.reversed()) {
            try {
                part.close();
            } catch (Exception broken) {
                LOG.warnf(broken, "Model %s: could not free %s", model, part);
            }
        }
    }

    private Intake.Version serve(WarmModel loaded, ReplyPublisher replies, WorkerMeters meters, Shared shared) {
        List<List<Accelerator>> runners = new ArrayList<>();
        for (Session session : loaded.sessions()) {
            parts.add(session);
            for (int i = 0; i < session.concurrentRuns(); i++) {
                runners.add(runner(session, "penstock-session-" + model + "-" + loaded.version()));
            }
        }
        meters.addSessions(runners.size());
        ModelConfig config = loaded.definition().config();
        PaddingPlanner planner = new PaddingPlanner(loaded.definition().graph(), config);
        RecordDecoder decoder = new RecordDecoder(
                shared.reader(),
                loaded.signature(),
                config,
                planner,
                config.timeout().orElse(shared.config().defaultTimeout()),
                shared.brokerClock());
        CostModel costs = new CostModel();
        loaded.runs()
                .forEach(run ->
                        costs.observe(planner.planWithoutLearning(run.inputs()).batchKey(), run.rows(), run.nanos()));
        Window window = Window.adaptive().atLeast(config.minQueueDelay().toNanos());
        BatchPolicy policy = new BatchPolicy(
                config.maxBatchSize(),
                config.maxQueueDelay()
                        .map(bound -> window.atMost(bound.toNanos()))
                        .orElse(window),
                config.preferredBatchSizes(),
                shared.config().bulkFloor());
        LoopThread thread = new LoopThread("penstock-loop-" + model + "-" + loaded.version(), this::failed);
        WorkerLoop loop = new WorkerLoop(
                new Batcher<>(policy, costs), runners, replies, meters, shared.deviceLost(), thread::wake);
        loops.put(thread, loop);
        return new Intake.Version(
                decoder, loop, new FeatureStage(loop, planner, replies, loaded.features(), this::failed));
    }

    /** A thread that runs one batch at a time, and the slots that keep it fed. */
    private List<Accelerator> runner(Session session, String name) {
        ExecutorService thread = Executors.newSingleThreadExecutor(
                task -> Thread.ofPlatform().name(name).unstarted(task));
        List<Accelerator> slots = new ArrayList<>();
        for (int i = 0; i < SLOTS_A_RUNNER; i++) {
            Slot slot = session.openSlot();
            parts.add(slot);
            slots.add(new SessionAccelerator(slot, thread));
        }
        parts.add(thread);
        return slots;
    }

    private void failed(Throwable bug) {
        LOG.errorf(bug, "Model %s is not served any more: a bug stopped it", model);
        failure.compareAndSet(null, bug);
        intake.stop();
    }

    /** What all models of a worker share. */
    record Shared(
            WorkerConfig config,
            Producer<byte[], byte[]> producer,
            RequestConsumers consumers,
            ReplyTopics replyTopics,
            Cancellations cancellations,
            RequestReader reader,
            BrokerClock brokerClock,
            int maxRecordBytes,
            MeterRegistry registry,
            Consumer<String> deviceLost) {}
}
