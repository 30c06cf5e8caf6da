package dev.penstock.ingress;

import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CatalogueListener;
import dev.penstock.ingress.call.Drain;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.gate.AdmissionControl;
import dev.penstock.ingress.gate.LagWatch;
import dev.penstock.ingress.gate.OpenRequestLimit;
import dev.penstock.ingress.gate.QuotaCheck;
import dev.penstock.ingress.gate.RejectionMeters;
import dev.penstock.ingress.outcomes.DroppedReplyMeters;
import dev.penstock.ingress.outcomes.KeptOutcomes;
import dev.penstock.ingress.outcomes.OutcomeWatch;
import dev.penstock.ingress.outcomes.ResultRecorder;
import dev.penstock.ingress.outcomes.ResultStore;
import dev.penstock.ingress.submit.Cancellation;
import dev.penstock.ingress.submit.IdempotencyClaims;
import dev.penstock.ingress.submit.IdempotentSubmissions;
import dev.penstock.ingress.submit.PendingReplies;
import dev.penstock.ingress.submit.Publisher;
import dev.penstock.ingress.submit.RequestPublisher;
import dev.penstock.ingress.submit.Submissions;
import dev.penstock.ingress.submit.SynchronousCalls;
import dev.penstock.kafka.TopicFollower;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.kafka.TopicRecorder;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.quota.OpenRequests;
import dev.penstock.tenants.quota.Quotas;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The ingress role: makes its parts, starts them and stops them. Whatever blocks happens at start; calls are served without blocking.
 * Thread-safe.
 */
public final class Ingress implements AutoCloseable {
    private static final long SWEEP_MILLIS = 20;
    private static final Duration ASSIGNMENT_TIMEOUT = Duration.ofSeconds(30);

    private final IngressParts parts;
    private final Vertx vertx;
    private final Publisher publisher;
    private final LagWatch lagWatch;
    private final TopicFollower replyFollower;
    private final TopicFollower modelFollower;
    private final TopicRecorder recorder;
    private final long sweep;

    /**
     * Starts the role.
     *
     * @param kafka what all clients share: brokers and credentials
     * @throws ExecutionException when Redis has no key for request ids and none is configured
     * @throws TimeoutException when Redis or Kafka does not answer in time
     */
    public Ingress(
            IngressConfig config,
            Map<String, Object> kafka,
            TopicLayout layout,
            RequestReader reader,
            Redis redis,
            Vertx vertx,
            MeterRegistry registry)
            throws ExecutionException, InterruptedException, TimeoutException {
        this.vertx = vertx;
        Catalogue catalogue = new Catalogue(config.workerTimeout().toNanos(), System::nanoTime);
        RejectionMeters rejections = new RejectionMeters(registry);
        DroppedReplyMeters dropped = new DroppedReplyMeters(registry);
        RequestIdIssuer ids =
                new RequestIdIssuer(RequestIdKey.of(config.requestIdKey(), redis), System::currentTimeMillis);
        AdmissionControl admission = new AdmissionControl(catalogue, config.syncMaxWait(), registry, System::nanoTime);

        GuardedRedis guarded = new GuardedRedis("requests", redis, config.redisTimeout(), config.redisOpenFor());
        OpenRequests open = new OpenRequests(guarded::send, admission::ingresses, System::currentTimeMillis);
        Quotas quotas = new Quotas(
                guarded::send,
                Quotas.Settings.of(config.redisTimeout(), config.redisOpenFor()),
                admission::ingresses,
                System::nanoTime);
        ResultStore results = new ResultStore(redis, guarded, ids, open, config.resultTtl(), System::currentTimeMillis);
        KeptOutcomes outcomes = new KeptOutcomes(
                ids, results, new OutcomeWatch(vertx, redis, results), config.resultTtl(), System::currentTimeMillis);

        this.publisher = new Publisher(
                kafka,
                new Publisher.Settings(config.maxPublishingBytes(), config.queuedLinger(), layout.maxRecordBytes()));
        publisher.prepare(Topics.RESULTS);
        publisher.prepare(Topics.CANCELLATIONS);
        PendingReplies pending = new PendingReplies(
                ids.partitionOf(layout.replyPartitions()), config.maxPending(), ids, outcomes::keepLate, dropped);
        registry.gauge("inference.pending.calls", pending, PendingReplies::size);
        RequestPublisher requests = new RequestPublisher(publisher);
        Cancellation cancellation = new Cancellation(publisher);
        Submissions submissions = new Submissions(ids, new OpenRequestLimit(open, rejections), admission, requests);
        this.parts = new IngressParts(
                catalogue,
                new CallCheck(catalogue, reader, config.syncTimeout(), config.asyncTimeout(), System::nanoTime),
                new Drain(),
                new QuotaCheck(quotas, rejections),
                ids,
                new SynchronousCalls(
                        admission, ids, pending, requests, cancellation, outcomes, rejections, System::nanoTime),
                submissions,
                new IdempotentSubmissions(
                        new IdempotencyClaims(guarded, config.idempotencyTtl().orElse(config.resultTtl())),
                        ids,
                        results,
                        submissions,
                        vertx,
                        System::currentTimeMillis,
                        registry),
                outcomes,
                cancellation);

        this.replyFollower = new TopicFollower("penstock-replies", consumer(kafka, Map.of()), pending);
        this.modelFollower = new TopicFollower(
                "penstock-models",
                consumer(kafka, Map.of()),
                new CatalogueListener(catalogue, publisher::prepareModel));
        this.recorder = new TopicRecorder(
                "penstock-recorder",
                consumer(
                        kafka,
                        Map.of(
                                ConsumerConfig.GROUP_ID_CONFIG, Topics.RESULT_RECORDERS,
                                ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 6000,
                                ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, 1500)),
                Topics.RESULTS,
                new ResultRecorder(results, ids, dropped));
        this.lagWatch = new LagWatch(Admin.create(kafka), config.lagInterval(), admission::modelsInDemand, admission);
        this.sweep = vertx.setPeriodic(SWEEP_MILLIS, timer -> pending.sweep(System.nanoTime()));
        if (!replyFollower.awaitAssigned(ASSIGNMENT_TIMEOUT)) {
            throw new TimeoutException(
                    "Kafka gave no position on " + Topics.REPLIES + " within " + ASSIGNMENT_TIMEOUT.toSeconds() + " s");
        }
    }

    public IngressParts parts() {
        return parts;
    }

    /** Whether this ingress can receive replies and announcements of models. */
    public boolean isConnected() {
        return replyFollower.isAssigned() && modelFollower.isAssigned();
    }

    /** Refuses new requests from now on. Synchronous calls that wait here still get their replies; long polls end at once. */
    public void stopTaking() {
        parts.drain().begin();
        parts.outcomes().release();
    }

    @Override
    public void close() {
        vertx.cancelTimer(sweep);
        lagWatch.close();
        publisher.close();
        recorder.close();
        replyFollower.close();
        modelFollower.close();
    }

    private static KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> kafka, Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1000);
        config.putAll(more);
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
