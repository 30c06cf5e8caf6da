package dev.penstock.worker;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.messages.WarmUpBodies;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.graph.TinyModel;
import dev.penstock.model.repository.LoadedModel;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelLoader;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.process.WarmUpPlan;
import dev.penstock.protocol.Payload;
import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import dev.penstock.threads.Time;
import dev.penstock.worker.intake.Membership;
import dev.penstock.worker.reply.Deliveries;
import dev.penstock.worker.reply.ReplyProducers;
import dev.penstock.worker.reply.ReplyTopics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * Warms up a worker by records that it sends itself: a tiny model, served like any other, reads one partition of a topic of its own, and its
 * replies go to a topic that nobody reads. It joins no group, so it takes no request of anybody, and what it does is counted apart. Trouble
 * ends the warm-up, and nothing else. Runs on a thread of its own.
 */
final class WarmUpRecords implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(WarmUpRecords.class);

    /** On their way at once. Few, so that the compiler gets the cores. */
    private static final int GENTLE = 4;

    /** A round in which records are lost, such as the first while the reader begins, does not hold up the rest. */
    private static final Duration ROUND = Duration.ofSeconds(1);

    private static final long LOOK_AGAIN_NANOS = 500_000;
    private static final String TIMEOUT_MILLIS = "5000";

    /** Says that the request is not traced. */
    private static final String UNTRACED = "00-0000000000000000000000000000bead-00000000000000ad-00";

    private final WarmUpPlan plan;
    private final KafkaClients kafka;
    private final TopicLayout layout;
    private final Parts parts;
    private final MeterRegistry uncounted = new CompositeMeterRegistry().add(new SimpleMeterRegistry());
    private final CountDownLatch done = new CountDownLatch(1);
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final ServiceThread thread;
    private volatile Optional<Fault> trouble = Optional.empty();

    /** Makes what a server shares with others of the worker. */
    @FunctionalInterface
    interface Parts {
        ModelServer.Shared sharing(
                ReplyTopics topics, Deliveries answers, MeterRegistry uncounted, Consumer<? super Fault> trouble);
    }

    /** Starts the thread. */
    WarmUpRecords(WarmUpPlan plan, KafkaClients kafka, TopicLayout layout, Parts parts) {
        this.plan = plan;
        this.kafka = kafka;
        this.layout = layout;
        this.parts = parts;
        this.thread = new ServiceThread(
                        "penstock-warm-up", "The worker does not warm up.", this::failed, new ServiceThread.Duty() {
                            @Override
                            public void turn() throws InterruptedException {
                                warmUpOrGiveUp();
                            }

                            @Override
                            public void release() {
                                closeAll();
                                done.countDown();
                            }
                        })
                .start();
    }

    /** Whether it has ended, for whatever reason. */
    boolean isDone() {
        return done.getCount() == 0;
    }

    private void warmUpOrGiveUp() throws InterruptedException {
        try {
            warmUp();
        } catch (ExecutionException | KafkaException | IOException | ModelRefusedException failure) {
            LOG.warnf(
                    "The worker does not warm up, and serves its first requests more slowly: %s", failure.getMessage());
        }
        thread.requestStop();
    }

    private void warmUp() throws ExecutionException, InterruptedException, IOException, ModelRefusedException {
        long start = Time.OF_MACHINE.nanos();
        Admin admin = kept(kafka.admin());
        layout.create(admin, layout.ofWorkerWarmUp());
        ReplyProducers producers = kept(ReplyProducers.open(kafka, layout.maxRecordBytes(), this::failed));
        ReplyTopics topics = kept(new ReplyTopics(
                admin, producers, List.of(Topics.WARM_UP_REPLIES), ReplyTopics.Maker.NONE, this::failed));
        Deliveries answers = kept(new Deliveries(producers, topics, uncounted, this::failed));
        TopicPartition own = new TopicPartition(
                Topics.requests(WarmUpModels.OF_WORKER).getFirst(),
                ThreadLocalRandom.current().nextInt(TopicLayout.WARM_UP_PARTITIONS));
        ModelServer server = kept(new ModelServer(
                WarmUpModels.OF_WORKER,
                List.of(model()),
                Membership.alone(own),
                parts.sharing(topics, answers, uncounted, this::failed)));
        server.start();
        int sent = send(own, start);
        server.stopTaking();
        LOG.infof(
                "The worker is warm after %d requests of its own and %s s",
                sent, String.format(Locale.ROOT, "%.1f", (Time.OF_MACHINE.nanos() - start) / 1e9));
    }

    private <T extends AutoCloseable> T kept(T part) {
        opened.push(part);
        return part;
    }

    /** From a folder, as all models come: it is checked, probed and loaded like them. */
    private static WarmModel model() throws IOException, ModelRefusedException {
        Path folder = Files.createTempDirectory("penstock-warm-up");
        Path model = folder.resolve("tiny");
        Path version = model.resolve(WarmUpModels.VERSION);
        Path file = version.resolve("model.onnx");
        Path settings = model.resolve("model.yaml");
        try {
            Files.createDirectories(version);
            Files.write(
                    file,
                    TinyModel.file(WarmUpModels.INPUT, WarmUpModels.COLUMNS, WarmUpModels.OUTPUT, WarmUpModels.SCORES));
            Files.writeString(settings, "execution_providers: [cpu]\nwarm_up: {time: 100ms}\n");
            ModelRepository.Contents contents = new ModelRepository(folder, Integer.MAX_VALUE).scan();
            for (ModelRepository.RefusedModel refused : contents.refused()) {
                throw new ModelRefusedException(refused.reason());
            }
            ModelDefinition definition = contents.found().getFirst();
            LoadedModel loaded = new ModelLoader().load(definition);
            return new WarmModel(
                    loaded.definition(), List.of(loaded.session()), loaded.runs(), List.of(), Optional.empty());
        } finally {
            for (Path each : List.of(file, version, settings, model, folder)) {
                Files.deleteIfExists(each);
            }
        }
    }

    /** @return how many requests were sent */
    private int send(TopicPartition to, long startNanos) throws InterruptedException {
        Producer<byte[], byte[]> producer = kept(kafka.producer(Map.of(ProducerConfig.LINGER_MS_CONFIG, 0)));
        int sent = 0;
        while (sent < plan.calls()
                && Time.OF_MACHINE.nanos() - startNanos < plan.atMost().toNanos()
                && trouble.isEmpty()) {
            double before = settled();
            for (int i = 0; i < GENTLE; i++, sent++) {
                producer.send(record(to, sent));
            }
            awaitSettled(before + GENTLE);
        }
        return sent;
    }

    private static ProducerRecord<byte[], byte[]> record(TopicPartition to, int number) {
        Payload body = WarmUpBodies.REQUESTS.get(number % WarmUpBodies.REQUESTS.size());
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                to.topic(), to.partition(), null, body.bytes().array());
        RecordHeaders.set(record.headers(), RecordHeaders.CORRELATION_ID, "warm-up-" + number);
        RecordHeaders.set(record.headers(), RecordHeaders.REPLY_TOPIC, Topics.WARM_UP_REPLIES);
        RecordHeaders.set(record.headers(), RecordHeaders.TIMEOUT_MS, TIMEOUT_MILLIS);
        RecordHeaders.set(record.headers(), RecordHeaders.MODEL_VERSION, WarmUpModels.VERSION);
        RecordHeaders.set(record.headers(), RecordHeaders.TRACEPARENT, UNTRACED);
        body.jsonLength().ifPresent(length -> {
            RecordHeaders.set(record.headers(), RecordHeaders.CONTENT_TYPE, RecordHeaders.BINARY);
            RecordHeaders.set(record.headers(), RecordHeaders.JSON_LENGTH, Integer.toString(length));
        });
        return record;
    }

    private void awaitSettled(double requests) throws InterruptedException {
        long until = Time.OF_MACHINE.nanos() + ROUND.toNanos();
        while (settled() < requests && Time.OF_MACHINE.nanos() - until < 0) {
            TimeUnit.NANOSECONDS.sleep(LOOK_AGAIN_NANOS);
        }
    }

    private double settled() {
        return uncounted.find("inference.requests").counters().stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    private void failed(Fault fault) {
        trouble = Optional.of(fault);
        LOG.warnf(fault.cause(), "The worker's warm-up ends early: thread %s failed", fault.thread());
    }

    private void closeAll() {
        while (!opened.isEmpty()) {
            AutoCloseable part = opened.pop();
            try {
                part.close();
            } catch (Exception broken) {
                LOG.debugf(broken, "The warm-up could not free %s", part);
            }
        }
        uncounted.close();
    }

    /** Ends it early, if it goes on. */
    @Override
    public void close() {
        thread.close();
    }
}
