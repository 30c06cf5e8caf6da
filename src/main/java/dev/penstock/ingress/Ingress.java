package dev.penstock.ingress;

import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CatalogueListener;
import dev.penstock.ingress.call.EventLoopLag;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.gate.AdmissionControl;
import dev.penstock.ingress.gate.LagWatch;
import dev.penstock.ingress.gate.OpenRequestLimit;
import dev.penstock.ingress.gate.QuotaCheck;
import dev.penstock.ingress.gate.RejectionMeters;
import dev.penstock.ingress.gate.Steering;
import dev.penstock.ingress.outcomes.DroppedReplyMeters;
import dev.penstock.ingress.outcomes.KeptOutcomes;
import dev.penstock.ingress.outcomes.OutcomeFinder;
import dev.penstock.ingress.outcomes.OutcomeLog;
import dev.penstock.ingress.outcomes.OutcomeWatch;
import dev.penstock.ingress.outcomes.OwnPartitions;
import dev.penstock.ingress.outcomes.ResultRecorder;
import dev.penstock.ingress.outcomes.ResultStore;
import dev.penstock.ingress.submit.AwaitedCalls;
import dev.penstock.ingress.submit.CallLatency;
import dev.penstock.ingress.submit.CallStatistics;
import dev.penstock.ingress.submit.Cancellation;
import dev.penstock.ingress.submit.Gathering;
import dev.penstock.ingress.submit.Hedging;
import dev.penstock.ingress.submit.IdempotencyClaims;
import dev.penstock.ingress.submit.IdempotentSubmissions;
import dev.penstock.ingress.submit.ModelTopics;
import dev.penstock.ingress.submit.PendingReplies;
import dev.penstock.ingress.submit.Publisher;
import dev.penstock.ingress.submit.RequestPublisher;
import dev.penstock.ingress.submit.Submissions;
import dev.penstock.ingress.submit.SynchronousCalls;
import dev.penstock.ingress.warmup.WarmUpAnswers;
import dev.penstock.ingress.warmup.WarmUpCalls;
import dev.penstock.ingress.warmup.WarmUpPass;
import dev.penstock.kafka.BadConnectionException;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.PatientCalls;
import dev.penstock.kafka.TopicFollower;
import dev.penstock.kafka.TopicIndexer;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.messages.Topics;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.process.WarmUpPlan;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.redis.RedisWatch;
import dev.penstock.tenants.quota.OpenRequests;
import dev.penstock.tenants.quota.Quotas;
import dev.penstock.threads.Faults;
import dev.penstock.threads.LoopThread;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/**
 * The ingress role: makes its parts, starts them and stops them. Whatever blocks happens at start; calls are served without blocking.
 * Thread-safe.
 */
public final class Ingress implements AutoCloseable {
    private static final long SWEEP_MILLIS = 20;
    private static final Duration ASSIGNMENT_TIMEOUT = Duration.ofSeconds(5);

    private static final Map<String, Object> FROM_BEGINNING =
            Map.of(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest", ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1000);

    /** A poll must not wait long for a broker that does not answer. */
    private static final Map<String, Object> LOOK_UPS = Map.of(
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
            ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5000,
            ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, 1500,
            ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 2000);

    private final IngressParts parts;
    private final KafkaClients kafka;
    private final TopicLayout layout;
    private final ResponseMeters responses;
    private final Faults faults;
    private final Vertx vertx;
    private final Publisher publisher;
    private final LagWatch lagWatch;
    private final TopicFollower replyFollower;
    private final TopicFollower modelFollower;
    private final ModelTopics modelTopics;
    private final OutcomeLog outcomeLog;
    private final Drain drain;
    private final TopicIndexer recorder;
    private final RedisWatch redisWatch;
    private final Set<String> metered = ConcurrentHashMap.newKeySet();
    private final LoopThread gatheringThread;
    private final Gathering gathering;
    private final long sweep;
    private volatile Optional<WarmUpCalls> warmUp = Optional.empty();

    /**
     * Starts the role. It can serve once {@link #awaitConnected} has returned.
     *
     * @param responses are counted since the process started, by a filter
     * @param faults hears of threads that failed
     * @param drain hears how far the stop is
     * @param patient waits for what the start needs
     * @throws BadConnectionException when Kafka will refuse this process until the configuration is changed
     */
    public Ingress(
            IngressConfig config,
            KafkaClients kafka,
            TopicLayout layout,
            RequestReader reader,
            Redis redis,
            Vertx vertx,
            MeterRegistry registry,
            ResponseMeters responses,
            Faults faults,
            Drain drain,
            PatientCalls patient)
            throws InterruptedException, BadConnectionException {
        // What may have to be waited for comes before anything that would have to be closed.
        byte[] key = patient.untilDone(
                "Key of request ids, on topic " + Topics.KEYS, () -> RequestIdKey.of(config.requestIdKey(), kafka));
        int replyPartitions = patient.untilDone("Topic " + Topics.REPLIES, () -> partitions(kafka, Topics.REPLIES));
        this.vertx = vertx;
        Catalogue catalogue = new Catalogue(config.workerTimeout().toNanos(), System::nanoTime);
        responses.begin();
        CallLatency latency = new CallLatency(registry);
        CallStatistics statistics = new CallStatistics(System::currentTimeMillis);
        RejectionMeters rejections = new RejectionMeters(registry);
        DroppedReplyMeters dropped = new DroppedReplyMeters(registry);
        RequestIdIssuer ids = new RequestIdIssuer(key, System::currentTimeMillis);
        Steering steering = new Steering(catalogue);
        AdmissionControl admission =
                new AdmissionControl(catalogue, steering, config.syncMaxWait(), registry, System::nanoTime);

        GuardedRedis guarded =
                new GuardedRedis("requests", redis, config.redisTimeout(), config.redisOpenFor(), registry);
        OpenRequests open = new OpenRequests(guarded::send, admission::ingresses, System::currentTimeMillis);
        Quotas quotas = new Quotas(
                guarded::send,
                Quotas.Settings.of(config.redisTimeout(), config.redisOpenFor()),
                admission::ingresses,
                System::nanoTime);
        ResultStore results = new ResultStore(redis, guarded, open, config.resultTtl(), System::currentTimeMillis);
        this.outcomeLog = new OutcomeLog(
                () -> kafka.searcher(LOOK_UPS),
                faults,
                config.lookupTimeout(),
                layout.resultRetention(),
                System::currentTimeMillis,
                registry);
        OutcomeFinder finder = new OutcomeFinder(results, outcomeLog::find);
        OwnPartitions own = new OwnPartitions(ids);
        OutcomeWatch watch = new OutcomeWatch(vertx, redis, finder, own, System::currentTimeMillis);
        KeptOutcomes outcomes = new KeptOutcomes(watch, config.resultTtl(), System::currentTimeMillis);

        this.publisher = new Publisher(
                kafka,
                new Publisher.Settings(config.maxPublishingBytes(), config.queuedLinger(), layout.maxRecordBytes()),
                registry,
                faults);
        Hedging hedging = new Hedging(
                admission,
                steering,
                copy -> publisher.publish(copy, 0),
                new Hedging.Settings(config.hedgeShare(), config.hedgeFloor(), config.maxPending()),
                registry,
                System::nanoTime);
        PendingReplies pending = new PendingReplies(
                ids.partitionOf(replyPartitions), config.maxPending(), ids, hedging::unclaimed, dropped);
        Gauge.builder("inference.pending.calls", pending, PendingReplies::size)
                .description("Synchronous calls that wait for their reply")
                .register(registry);
        EventLoopLag.registerMeter(registry);
        this.redisWatch = new RedisWatch(redis, vertx, registry);
        this.gatheringThread = new LoopThread("penstock-gathering", "Calls are not sent to Kafka.", faults);
        this.gathering = new Gathering(
                config.callLinger(), pending::size, System::nanoTime, gatheringThread::wake, publisher::together);
        RequestPublisher requests = new RequestPublisher(publisher, gathering);
        Cancellation cancellation = new Cancellation(publisher, replyPartitions);
        Submissions submissions =
                new Submissions(ids, new OpenRequestLimit(open, rejections), admission, steering, requests);
        IdempotentSubmissions idempotentSubmissions = new IdempotentSubmissions(
                new IdempotencyClaims(
                        new GuardedRedis(
                                "idempotency keys",
                                redis,
                                config.idempotencyTimeout(),
                                config.redisOpenFor(),
                                registry),
                        config.idempotencyTtl().orElse(config.resultTtl())),
                ids,
                finder,
                submissions,
                vertx,
                System::currentTimeMillis,
                registry);
        SynchronousCalls synchronousCalls = new SynchronousCalls(
                admission,
                ids,
                pending,
                steering,
                hedging,
                requests,
                cancellation,
                rejections,
                latency,
                statistics,
                System::nanoTime);
        this.parts = new IngressParts(
                catalogue,
                new CallCheck(catalogue, reader, config.syncTimeout(), config.asyncTimeout(), System::nanoTime),
                new QuotaCheck(quotas, rejections),
                ids,
                new AwaitedCalls(synchronousCalls, idempotentSubmissions, outcomes),
                submissions,
                idempotentSubmissions,
                outcomes,
                cancellation,
                statistics);

        gatheringThread.start(gathering::step);
        this.kafka = kafka;
        this.layout = layout;
        this.responses = responses;
        this.faults = faults;
        this.drain = drain;
        this.replyFollower = new TopicFollower(
                "penstock-replies",
                "Synchronous calls that wait here get no reply, and end with 504.",
                faults,
                kafka.follower(FROM_BEGINNING),
                pending);
        this.modelTopics = new ModelTopics(
                faults, List.of(Topics.RESULTS, Topics.REPLIES, Topics.CANCELLATIONS), publisher::prepare);
        this.modelFollower = new TopicFollower(
                "penstock-models",
                "Models that are announced or withdrawn from now on stay unnoticed.",
                faults,
                kafka.follower(FROM_BEGINNING),
                new CatalogueListener(
                        catalogue,
                        model -> {
                            modelTopics.announced(model);
                            if (catalogue.isInService(model) && metered.add(model)) {
                                responses.announced(model);
                                latency.announced(model);
                                rejections.announced(model);
                                admission.announced(model);
                                hedging.announced(model);
                                readyWorkers(registry, catalogue, model);
                            }
                        },
                        System::currentTimeMillis));
        this.recorder = new TopicIndexer(
                "penstock-recorder",
                "Polls look outcomes up in the log, which is slower.",
                faults,
                kafka.recorder(Topics.RESULT_RECORDERS, FROM_BEGINNING),
                Topics.RESULTS,
                new ResultRecorder(results, ids, dropped, own, watch::read),
                config.resultTtl().plus(config.asyncTimeout()),
                System::nanoTime,
                System::currentTimeMillis);
        this.lagWatch = new LagWatch(kafka.admin(), config.lagInterval(), admission::modelsToWatch, admission, faults);
        this.sweep = vertx.setPeriodic(SWEEP_MILLIS, timer -> {
            pending.sweep(System.nanoTime());
            hedging.sweep(System.nanoTime());
        });
    }

    private static void readyWorkers(MeterRegistry registry, Catalogue catalogue, String model) {
        Gauge.builder(
                        "inference.ready.workers",
                        catalogue,
                        known -> known.isInService(model) ? known.readyWorkers(model) : Double.NaN)
                .description("Live workers that serve the model")
                .tag("model", model)
                .register(registry);
    }

    private static int partitions(KafkaClients kafka, String topic) throws ExecutionException, InterruptedException {
        try (Admin admin = kafka.admin()) {
            return TopicLayout.partitions(admin, topic);
        }
    }

    /**
     * Waits until replies to calls that are made from now on will be received.
     *
     * @throws BadConnectionException when Kafka will refuse this process until the configuration is changed
     */
    public void awaitConnected(PatientCalls patient) throws InterruptedException, BadConnectionException {
        patient.untilDone("Position on topic " + Topics.REPLIES, () -> {
            if (!replyFollower.awaitAssigned(ASSIGNMENT_TIMEOUT)) {
                throw new TimeoutException("Kafka gave none within " + ASSIGNMENT_TIMEOUT.toSeconds() + " s");
            }
            return replyFollower;
        });
    }

    /**
     * Begins to warm up by calls to itself, beside those of others. Does not wait.
     *
     * @param self where this process takes calls, once it is known
     * @return the calls, which end with this ingress at the latest
     */
    public WarmUpCalls warmUp(WarmUpPlan plan, WarmUpPass pass, CompletableFuture<URI> self) {
        responses.announced(WarmUpModels.OF_INGRESS);
        WarmUpCalls calls = new WarmUpCalls(
                plan,
                pass,
                self,
                kafka,
                layout,
                parts.catalogue(),
                new WarmUpAnswers(parts.ids(), pass.tenant()),
                topic -> publisher.prepare(List.of(topic)),
                vertx);
        warmUp = Optional.of(calls);
        return calls;
    }

    /** Whether it warms up at the moment. */
    public boolean isWarmingUp() {
        return warmUp.filter(calls -> !calls.isDone()).isPresent();
    }

    public IngressParts parts() {
        return parts;
    }

    /** Whether this ingress can receive replies and announcements of models. */
    public boolean isConnected() {
        return replyFollower.isFollowing() && modelFollower.isFollowing();
    }

    /** Whether no thread of the ingress has failed. */
    public boolean isSound() {
        return faults.isEmpty();
    }

    /**
     * Sends clients elsewhere. Calls that come on open connections, or before load balancers have noticed, are served for that long; then
     * they are refused. Synchronous calls that wait here still get their replies; long polls end at once.
     */
    public void leave(Duration servesFor) {
        drain.leave();
        warmUp.ifPresent(WarmUpCalls::leave);
        parts.outcomes().release();
        vertx.setTimer(Math.max(1, servesFor.toMillis()), timer -> drain.refuse());
    }

    @Override
    public void close() {
        warmUp.ifPresent(WarmUpCalls::close);
        vertx.cancelTimer(sweep);
        redisWatch.close();
        lagWatch.close();
        modelTopics.close();
        gatheringThread.close();
        gathering.close();
        publisher.close();
        recorder.close();
        outcomeLog.close();
        replyFollower.close();
        modelFollower.close();
    }
}
