package dev.penstock.simulation.faults;

import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.batching.Window;
import dev.penstock.kafka.BrokerClock;
import dev.penstock.kafka.GroupedProducer;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.threads.LoopThread;
import dev.penstock.tracing.Tracing;
import dev.penstock.worker.accepted.OpenWork;
import dev.penstock.worker.intake.Intake;
import dev.penstock.worker.intake.RecordDecoder;
import dev.penstock.worker.intake.rules.IntakeBounds;
import dev.penstock.worker.join.FeatureStage;
import dev.penstock.worker.loop.Site;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerLoop;
import dev.penstock.worker.loop.WorkerMeters;
import dev.penstock.worker.reply.Relay;
import dev.penstock.worker.reply.ReplyProducers;
import dev.penstock.worker.reply.ReplyPublisher;
import dev.penstock.worker.reply.SteppedReplies;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.function.BiConsumer;
import org.apache.kafka.common.KafkaException;

/** A worker of one model, made of production's parts. Its clients, sessions, clocks and threads are simulated. */
final class SimulatedWorker {
    /** As in {@code ReplyProducers}. */
    private static final long OUR_TIMEOUT_NANOS = Duration.ofMinutes(2).toNanos();

    private static final long OTHERS_TIMEOUT_NANOS = Duration.ofSeconds(10).toNanos();

    private static final SimpleMeterRegistry REGISTRY = new SimpleMeterRegistry();
    private static final WorkerMeters METERS = new WorkerMeters(REGISTRY, Workload.MODEL);
    private static final int MAX_RESPONSE_BYTES = 1 << 20;
    private static final long SEARCH_AGAIN_NANOS = 100_000_000;
    private static final long FLUSH_NANOS = 1_000_000_000;

    final SimulatedProcess process;
    final SimulatedConsumer consumer;
    private final Settings settings;
    private final Random random;
    private final BiConsumer<String, OptionalInt> died;
    private final SteppedReplies replies;
    private final Intake intake;
    private boolean isSearching;
    private OptionalLong resendNanos = OptionalLong.empty();

    /**
     * The same for all workers.
     *
     * @param fixedNanos the time of a run of any size; each row takes {@code rowNanos} more
     */
    record Settings(int maxOpen, int maxBatchSize, long fixedNanos, long rowNanos, Duration drainTimeout) {
        long longestRunNanos() {
            return fixedNanos + maxBatchSize * rowNanos;
        }
    }

    /** What lies outside of the process. */
    record Outside(
            Network network,
            SimulatedLogs logs,
            SimulatedGroup group,
            SimulatedProducer.Brokers brokers,
            Map<String, Integer> replyTopics) {}

    /**
     * @param versions that it serves
     * @param died hears why the process ends by itself, and the number of the request that has ended it
     */
    SimulatedWorker(
            SimulatedProcess process,
            List<String> versions,
            Settings settings,
            Outside outside,
            long seed,
            BiConsumer<String, OptionalInt> died) {
        this.process = process;
        this.settings = settings;
        this.random = new Random(seed);
        this.died = died;
        this.consumer = new SimulatedConsumer(process, outside.network, outside.logs, outside.group);
        ReplyProducers producers = new ReplyProducers(
                GroupedProducer.withoutGroups(
                        new SimulatedProducer(process, outside.network, OUR_TIMEOUT_NANOS, outside.brokers)),
                new SimulatedProducer(process, outside.network, OTHERS_TIMEOUT_NANOS, outside.brokers));
        this.replies = new SteppedReplies(
                producers,
                new SimulatedReader(process, outside.network, outside.logs),
                outside.replyTopics,
                process,
                REGISTRY);
        ReplyPublisher publisher = new ReplyPublisher(
                replies.deliveries(),
                Workload.MODEL,
                Map.of(),
                MAX_RESPONSE_BYTES,
                NonFinite.TEXT,
                METERS,
                id -> false,
                process);
        Map<String, Intake.Version> served = new TreeMap<>();
        versions.forEach(version -> served.put(version, version(publisher)));
        this.intake = new Intake(
                Workload.MODEL,
                consumer,
                served,
                versions.getLast(),
                new Intake.Answering(
                        replies.topics(),
                        replies.earlier(),
                        publisher,
                        new Relay(Workload.MODEL, replies.deliveries(), METERS)),
                METERS,
                new IntakeBounds(
                        new OpenWork.Amount(settings.maxOpen, Integer.MAX_VALUE, Long.MAX_VALUE),
                        Duration.ofMillis(100),
                        settings.drainTimeout,
                        Duration.ofMillis(300)),
                new BrokerClock(),
                process,
                Tracing.OFF,
                new Semaphore(1),
                assignment -> {});
    }

    private Intake.Version version(ReplyPublisher publisher) {
        CostModel costs = new CostModel();
        for (int rows : new int[] {1, settings.maxBatchSize}) { // the warm-up
            costs.observe(Workload.BATCH_KEY, rows, settings.fixedNanos + rows * settings.rowNanos);
        }
        Batcher<Task> batcher =
                new Batcher<>(new BatchPolicy(settings.maxBatchSize, Window.adaptive(), List.of(), 0.05), costs);
        SimulatedAccelerator accelerator = new SimulatedAccelerator(
                process,
                random,
                settings.fixedNanos,
                settings.rowNanos,
                number -> died.accept("a request has ended it", OptionalInt.of(number)));
        LoopSteps steps = new LoopSteps();
        WorkerLoop loop = new WorkerLoop(
                List.of(Site.home(batcher, List.of(accelerator.slots()))),
                Optional.empty(),
                publisher,
                METERS,
                lost -> {},
                () -> steps.at(process.nanos()));
        steps.loop = Optional.of(loop);
        RecordDecoder decoder = new RecordDecoder(
                new RequestReader(ReaderLimits.DEFAULT),
                Workload.GRAPH.signature(),
                Workload.CONFIG,
                Workload.PLANNER,
                Duration.ofSeconds(30),
                new BrokerClock());
        return new Intake.Version(
                decoder,
                loop,
                new FeatureStage(
                        loop,
                        Workload.PLANNER,
                        publisher,
                        Optional.empty(),
                        bug -> {
                            throw new AssertionError(bug);
                        },
                        process));
    }

    void start() {
        process.afterEach(this::stepReplies);
        process.start(() -> {
            intake.run();
            process.after(FLUSH_NANOS, () -> died.accept("it has stopped in order", OptionalInt.empty()));
        });
    }

    /** As on SIGTERM. */
    void stop() {
        intake.stop();
    }

    /** Does what the threads of the reply side would do now. */
    private void stepReplies() {
        if (replies.isAsked() && !isSearching) {
            isSearching = true;
            process.start(this::search);
        }
        OptionalLong next = replies.nextDueNanos();
        if (next.isPresent() && !next.equals(resendNanos)) {
            resendNanos = next;
            process.after(Math.max(0, next.getAsLong() - process.nanos()), this::resendDue);
        }
    }

    private void search() {
        while (replies.isAsked()) {
            try {
                replies.search();
            } catch (KafkaException notYet) {
                process.await(() -> false, SEARCH_AGAIN_NANOS);
            }
        }
        isSearching = false;
    }

    private void resendDue() {
        for (OptionalLong next = replies.nextDueNanos();
                next.isPresent() && next.getAsLong() <= process.nanos();
                next = replies.nextDueNanos()) {
            replies.resendNext();
        }
        resendNanos = OptionalLong.empty();
    }

    /** Steps one loop when it wants to be stepped. */
    private final class LoopSteps {
        private Optional<WorkerLoop> loop = Optional.empty();
        private long dueNanos = Long.MAX_VALUE;

        void at(long nanos) {
            if (nanos < dueNanos) {
                dueNanos = nanos;
                process.after(nanos - process.nanos(), () -> step(nanos));
            }
        }

        private void step(long due) {
            if (due != dueNanos) {
                return; // an earlier step has taken its place
            }
            dueNanos = Long.MAX_VALUE;
            long sleep = loop.orElseThrow().step(process.nanos());
            if (sleep != LoopThread.UNTIL_WOKEN) {
                at(process.nanos() + sleep);
            }
        }
    }
}
