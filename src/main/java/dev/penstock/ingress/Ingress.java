package dev.penstock.ingress;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.ingress.call.Call;
import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CatalogueListener;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.call.Ids;
import dev.penstock.ingress.call.LoopLag;
import dev.penstock.ingress.call.Refusal;
import dev.penstock.ingress.gate.Gate;
import dev.penstock.ingress.gate.LagWatch;
import dev.penstock.ingress.gate.QuotaGate;
import dev.penstock.ingress.outcomes.DroppedReplies;
import dev.penstock.ingress.outcomes.OutcomeWatch;
import dev.penstock.ingress.outcomes.ResultRecorder;
import dev.penstock.ingress.outcomes.ResultStore;
import dev.penstock.ingress.outcomes.StoredResult;
import dev.penstock.ingress.submit.IdempotencyClaims;
import dev.penstock.ingress.submit.IdempotentSubmits;
import dev.penstock.ingress.submit.ModelTopics;
import dev.penstock.ingress.submit.PendingReplies;
import dev.penstock.ingress.submit.Publisher;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicFollower;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.kafka.TopicRecorder;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.redis.GuardedRedis;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.quota.OpenRequests;
import dev.penstock.tenants.quota.Quotas;
import dev.penstock.threads.Faults;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import jakarta.ws.rs.core.Response;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jboss.logging.Logger;

/**
 * The ingress role: takes calls, and answers them. What may block is done at start; everything that a call needs after that is
 * asynchronous. Thread-safe.
 */
public final class Ingress implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Ingress.class);
    private static final long SWEEP_MILLIS = 20;

    private static final Map<String, Object> FROM_BEGINNING =
            Map.of(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest", ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1000);

    /** After its deadline, for the outcome of a call whose caller heard 504. */
    private static final Duration LATEST = Duration.ofMinutes(1);

    private final IngressConfig config;
    private final Faults faults;
    private final Vertx vertx;
    private final Catalogue catalogue;
    private final CallCheck check;
    private final Gate gate;
    private final QuotaGate quotaGate;
    private final LagWatch lagWatch;
    private final Ids ids;
    private final Publisher publisher;
    private final PendingReplies pending;
    private final ResultStore results;
    private final IdempotentSubmits idempotent;
    private final OutcomeWatch outcomes;
    private final TopicFollower replyFollower;
    private final TopicFollower modelFollower;
    private final ModelTopics modelTopics;
    private final TopicRecorder recorder;
    private final long sweep;
    private volatile boolean taking = true;

    /**
     * Connects.
     *
     * @param faults hears of threads that failed
     * @throws ExecutionException when Redis has no key for request ids and none is configured
     */
    public Ingress(
            IngressConfig config,
            KafkaClients kafka,
            TopicLayout layout,
            RequestReader reader,
            Redis redis,
            Vertx vertx,
            MeterRegistry registry,
            Faults faults)
            throws ExecutionException, InterruptedException, TimeoutException {
        this.config = config;
        this.vertx = vertx;
        this.catalogue = new Catalogue(config.workerTimeout().toNanos(), System::nanoTime);
        this.check = new CallCheck(catalogue, reader, config.syncTimeout(), config.asyncTimeout());
        this.gate = new Gate(catalogue, config.syncMaxWait(), registry, System::nanoTime);
        this.ids = new Ids(requestIdKey(redis));
        GuardedRedis guarded = new GuardedRedis("requests", redis, config.redisTimeout(), config.redisOpenFor());
        OpenRequests open = new OpenRequests(guarded::send, gate::ingresses, System::currentTimeMillis);
        this.quotaGate = new QuotaGate(
                new Quotas(
                        guarded::send,
                        Quotas.Settings.of(config.redisTimeout(), config.redisOpenFor()),
                        gate::ingresses,
                        System::nanoTime),
                open);
        this.results = new ResultStore(redis, guarded, ids, open, config.resultTtl());
        this.outcomes = new OutcomeWatch(vertx, redis, results);
        this.publisher = new Publisher(
                kafka,
                new Publisher.Settings(config.maxPublishingBytes(), config.queuedLinger(), layout.maxRecordBytes()));
        DroppedReplies dropped = new DroppedReplies(registry);
        this.pending = new PendingReplies(
                ids.partitionOf(layout.replyPartitions()), config.maxPending(), ids, this::keepForPolling, dropped);
        registry.gauge("inference.pending.calls", pending, PendingReplies::size);
        publisher.prepare(Topics.RESULTS);
        publisher.prepare(Topics.CANCELLATIONS);
        this.idempotent = new IdempotentSubmits(
                new IdempotencyClaims(guarded, config.idempotencyTtl().orElse(config.resultTtl())),
                ids,
                results,
                this::publishForResults,
                vertx,
                registry);
        this.faults = faults;
        this.replyFollower = new TopicFollower(
                "penstock-replies",
                "Synchronous calls that wait here get no reply, and end with 504.",
                faults,
                kafka.follower(FROM_BEGINNING),
                pending);
        this.modelTopics = new ModelTopics(faults, publisher::prepareModel);
        this.modelFollower = new TopicFollower(
                "penstock-models",
                "Models that are announced or withdrawn from now on stay unnoticed.",
                faults,
                kafka.follower(FROM_BEGINNING),
                new CatalogueListener(catalogue, modelTopics::announced, System::currentTimeMillis));
        this.recorder = new TopicRecorder(
                "penstock-recorder",
                "Outcomes of asynchronous requests stay in " + Topics.RESULTS + ", and polls do not find them.",
                faults,
                kafka.recorder(Topics.RESULT_RECORDERS, FROM_BEGINNING),
                Topics.RESULTS,
                new ResultRecorder(results, ids, dropped));
        this.lagWatch = new LagWatch(kafka.admin(), config.lagInterval(), gate::modelsInDemand, gate, faults);
        this.sweep = vertx.setPeriodic(SWEEP_MILLIS, timer -> pending.sweep(System.nanoTime()));
        if (!replyFollower.awaitAssigned(Duration.ofSeconds(30))) {
            throw new TimeoutException("no position on " + Topics.REPLIES + " within 30 s");
        }
    }

    public Catalogue catalogue() {
        return catalogue;
    }

    /** Whether replies and announcements are received. */
    public boolean isConnected() {
        return replyFollower.isFollowing() && modelFollower.isFollowing();
    }

    /** Whether no thread of the ingress has failed. */
    public boolean isSound() {
        return faults.isEmpty();
    }

    /** From now on new requests are refused; those that wait here are still answered, and long polls end with what there is. */
    public void stopTaking() {
        taking = false;
        outcomes.release();
    }

    public boolean isTaking() {
        return taking;
    }

    public int maxBodyBytes() {
        return check.maxBodyBytes();
    }

    public Duration bodyTimeout() {
        return config.bodyTimeout();
    }

    public CheckedCall check(Call call, boolean async) throws InvalidRequestException {
        return check.check(call, async);
    }

    /** The answer to a call, if its tenant's quota has room for it; else a {@link Refusal}. */
    public CompletionStage<Response> withinQuota(CheckedCall call, Supplier<CompletionStage<Response>> answer) {
        Consumer<String> rejected = reason -> gate.rejected(call.call().model(), reason);
        return quotaGate.within(call.call().tenant(), call.rows(), rejected, answer);
    }

    /** What a call of this tenant hears whatever is in it, if its quota is used up and there is such a model for it. */
    public Optional<Refusal> usedUp(Tenant tenant, String model, Optional<String> version) {
        return taking && tenant.mayUse(model) && catalogue.find(model, version).isPresent()
                ? quotaGate.usedUp(tenant, reason -> gate.rejected(model, reason))
                : Optional.empty();
    }

    /**
     * Publishes, and completes with the reply; throws or fails with a {@link Refusal} when there is none to be had.
     *
     * @param atDisconnect takes what to do when the caller disconnects before that
     */
    public CompletableFuture<Answered> answer(CheckedCall call, Consumer<Runnable> atDisconnect) {
        gate.admit(call, false);
        RequestId id = ids.issueToCaller(call.call().tenant(), call.timeout());
        long deadlineNanos = System.nanoTime() + call.timeout().toNanos();
        Optional<CompletableFuture<Optional<Reply>>> place = pending.await(id, deadlineNanos);
        if (place.isEmpty()) {
            gate.rejected(call.call().model(), "pending");
            return CompletableFuture.failedFuture(new Refusal(
                    Problem.of(Problem.Kind.CAPACITY, "as many calls wait here as may (" + config.maxPending() + ")"),
                    1));
        }
        CompletableFuture<Optional<Reply>> reply = place.get();
        publish(call, record(call, id, Topics.REPLIES, OptionalInt.of(pending.partition())), () -> {}, failure -> {
            pending.abandon(id);
            reply.completeExceptionally(notPublished(failure));
        });
        atDisconnect.accept(() -> {
            if (pending.abandon(id)) {
                reply.complete(Optional.of(cancelled(id)));
                announceCancelled(id);
            }
        });
        return reply.thenApply(arrived -> {
            Optional<Reply> inTime =
                    arrived.filter(outcome -> !isLate(outcome, call.call().lag(), deadlineNanos));
            if (inTime.isEmpty() || inTime.get().outcome() instanceof Outcome.Expired) {
                arrived.ifPresent(this::keepForPolling);
            }
            return new Answered(id, inTime);
        });
    }

    /** Whether the answer would only be written after the deadline. */
    private static boolean isLate(Reply reply, LoopLag lag, long deadlineNanos) {
        long now = System.nanoTime();
        return reply.outcome() instanceof Outcome.Succeeded && now + lag.nanos(now) - deadlineNanos > 0;
    }

    /** Publishes, and completes with the id once the request is safe; fails with a {@link Refusal}. */
    public CompletableFuture<RequestId> submit(CheckedCall call) {
        RequestId id = ids.issue(call.call().tenant(), call.timeout());
        CompletableFuture<RequestId> accepted = new CompletableFuture<>();
        publishForResults(call, id, () -> accepted.complete(id), accepted::completeExceptionally);
        return accepted;
    }

    /** The same, but a call with a key that is known is the request that it was before. */
    public CompletionStage<RequestId> submit(CheckedCall call, IdempotencyKey key) {
        return idempotent.submit(call, key);
    }

    /**
     * A synchronous call that may be repeated: its outcome is kept like an asynchronous one's, so that whoever repeats it gets it,
     * here or elsewhere. That its caller disconnects does not cancel it.
     */
    public CompletionStage<Answered> answer(CheckedCall call, IdempotencyKey key) {
        return idempotent.submit(call, key).thenCompose(id -> {
            Duration left = Duration.between(Instant.now(), id.deadline());
            return outcome(id, left.isNegative() ? Duration.ZERO : left).handle((found, failure) -> {
                if (failure != null || (found.isEmpty() && !taking)) {
                    throw new Refusal(
                            Problem.of(
                                    Problem.Kind.UNAVAILABLE,
                                    "the request was accepted, and its outcome cannot be had here now; retry with the same "
                                            + IdempotencyKey.HEADER),
                            1);
                }
                if (found.isEmpty() && isForgotten(id)) {
                    throw new Refusal(Problem.of(Problem.Kind.GONE, "the outcome of this request is no longer kept"));
                }
                return new Answered(id, found.map(StoredResult::reply));
            });
        });
    }

    /** The place first: who has none must not use up what the gate has for others. */
    private void publishForResults(CheckedCall call, RequestId id, Runnable acknowledged, Consumer<Refusal> refused) {
        String model = call.call().model();
        Consumer<Refusal> notAccepted = refusal -> {
            if (!refusal.leavesDoubt()) {
                quotaGate.leave(id);
            }
            refused.accept(refusal);
        };
        Runnable admitAndPublish = () -> {
            try {
                gate.admit(call, true);
            } catch (Refusal notAdmitted) {
                notAccepted.accept(notAdmitted);
                return;
            }
            publish(
                    call,
                    record(call, id, Topics.RESULTS, OptionalInt.empty()),
                    acknowledged,
                    failure -> notAccepted.accept(notPublished(failure)));
        };
        quotaGate.takePlace(
                call.call().tenant(),
                id,
                () -> gate.predictedWaitNanos(model, call.lane()),
                reason -> gate.rejected(model, reason),
                admitAndPublish,
                refused);
    }

    private void publish(
            CheckedCall call,
            ProducerRecord<byte[], byte[]> request,
            Runnable acknowledged,
            Consumer<Publisher.Failure> failed) {
        publisher.publish(request, gate.predictedWaitNanos(call.call().model(), call.lane()), acknowledged, failed);
    }

    /** The outcome, once there is one or that time is over; fails when Redis is away then. */
    public CompletableFuture<Optional<StoredResult>> outcome(RequestId id, Duration wait) {
        return outcomes.await(id.toString(), wait);
    }

    /**
     * The id, if an ingress issued it to that tenant. Forged ones and those of others are not told apart, neither by the answer nor by
     * its time: after the HMAC, which all need, an id is compared with the tenant's tag, and nobody is asked.
     */
    public Optional<RequestId> verify(String id, Tenant tenant) {
        return ids.verify(id, tenant);
    }

    /** Whether the outcome, if there ever was one, has been forgotten, or went to its caller alone. */
    public boolean isForgotten(RequestId id) {
        Duration kept = Ids.isToCaller(id) ? LATEST : config.resultTtl();
        return Instant.now().isAfter(id.deadline().plus(kept));
    }

    /** Makes {@code cancelled} the outcome, unless there is one already; the first on the topic counts. Workers hear of it too. */
    public CompletableFuture<Void> cancel(RequestId id) {
        announceCancelled(id);
        Reply reply = cancelled(id);
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(Topics.RESULTS, id.toString().getBytes(UTF_8), reply.value());
        reply.writeHeaders(record.headers());
        CompletableFuture<Void> cancelled = new CompletableFuture<>();
        publisher.publish(
                record,
                0,
                () -> cancelled.complete(null),
                failure -> cancelled.completeExceptionally(notPublished(failure)));
        return cancelled;
    }

    /** So that it does not run any more. If workers do not hear of it, it costs a run that nobody needs, and nothing else. */
    private void announceCancelled(RequestId id) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(Topics.CANCELLATIONS, id.toString().getBytes(UTF_8), new byte[0]);
        RecordHeaders.set(record.headers(), RecordHeaders.DEADLINE_MS, Long.toString(id.deadlineMillis()));
        publisher.publish(
                record,
                0,
                () -> {},
                failure -> LOG.debugf("Workers do not hear that %s is cancelled: %s", id, failure));
    }

    private static Reply cancelled(RequestId id) {
        return new Reply(id.toString(), "", "", new Outcome.Cancelled(), Timings.NONE);
    }

    @Override
    public void close() {
        vertx.cancelTimer(sweep);
        lagWatch.close();
        modelTopics.close();
        publisher.close();
        recorder.close();
        replyFollower.close();
        modelFollower.close();
    }

    /** @param reply empty when none came by the deadline */
    public record Answered(RequestId id, Optional<Reply> reply) {}

    /** Unless it is so late that polls have said already that there is none. */
    private void keepForPolling(Reply late) {
        if (ids.verify(late.correlationId()).filter(this::isForgotten).isPresent()) {
            return;
        }
        results.store(List.of(late))
                .onFailure(failure ->
                        LOG.warnf("Redis did not take the late outcome of %s: %s", late.correlationId(), failure));
    }

    private static ProducerRecord<byte[], byte[]> record(
            CheckedCall checked, RequestId id, String replyTopic, OptionalInt replyPartition) {
        Call call = checked.call();
        byte[] key = replyPartition.isPresent() ? null : id.toString().getBytes(UTF_8);
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(Topics.requests(call.model(), checked.lane()), key, bytes(call.payload()));
        var headers = record.headers();
        RecordHeaders.set(headers, RecordHeaders.CORRELATION_ID, id.toString());
        RecordHeaders.set(headers, RecordHeaders.REPLY_TOPIC, replyTopic);
        if (replyPartition.isPresent()) {
            RecordHeaders.set(headers, RecordHeaders.REPLY_PARTITION, Integer.toString(replyPartition.getAsInt()));
        }
        RecordHeaders.set(
                headers,
                RecordHeaders.TIMEOUT_MS,
                Long.toString(checked.timeout().toMillis()));
        call.version().ifPresent(version -> RecordHeaders.set(headers, RecordHeaders.MODEL_VERSION, version));
        call.traceparent().ifPresent(parent -> RecordHeaders.set(headers, RecordHeaders.TRACEPARENT, parent));
        if (call.payload().jsonLength().isPresent()) {
            RecordHeaders.set(headers, RecordHeaders.CONTENT_TYPE, RecordHeaders.BINARY);
            RecordHeaders.set(
                    headers,
                    RecordHeaders.JSON_LENGTH,
                    Integer.toString(call.payload().jsonLength().getAsInt()));
        }
        return record;
    }

    private static byte[] bytes(Payload payload) {
        return payload.bytes().array(); // an HTTP body is an array of its own
    }

    public static Refusal notPublished(Publisher.Failure failure) {
        return switch (failure) {
            case REFUSED ->
                new Refusal(
                        Problem.of(
                                Problem.Kind.UNAVAILABLE,
                                "Kafka does not take requests at the moment; nothing was accepted"),
                        1);
            case UNKNOWN_FATE ->
                Refusal.inDoubt(
                        Problem.of(
                                Problem.Kind.UNAVAILABLE,
                                "Kafka did not acknowledge the request in time; it may or may not run. Retry with the same "
                                        + IdempotencyKey.HEADER + ", if it had one, and it is the same request"),
                        2);
        };
    }

    private byte[] requestIdKey(Redis redis) throws ExecutionException, InterruptedException, TimeoutException {
        if (config.requestIdKey().isPresent()) {
            return config.requestIdKey().get().getBytes(UTF_8);
        }
        byte[] candidate = new byte[32];
        new SecureRandom().nextBytes(candidate);
        return ResultStore.shareKey(redis, candidate)
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }
}
