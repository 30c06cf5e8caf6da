package dev.penstock.ingress.submit;

import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.gate.AdmissionControl;
import dev.penstock.ingress.gate.AdmittedRequest;
import dev.penstock.ingress.gate.Steering;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Publishes a synchronous request once more, under the same id and to another worker, when its answer is late. The first reply wins.
 * Thread-safe.
 *
 * <p>A request is late when it has waited for longer than
 *
 * <pre>max(floor, 2 * p99) + 1.8 * W</pre>
 *
 * <p>where the p99 is that of the model's recent calls that were not late, and W is the gate's predicted wait: the longer of that at its
 * admission and that of now. So what is merely queued is not published again. Where the worker pauses, the wait that is predicted now
 * says nothing, and does not count. All requests in a partition whose worker is stuck are late at once. No request is published a third
 * time, and none that has less time left than its answer is likely to take (p99).
 */
public final class Hedging {
    private static final Logger LOG = Logger.getLogger(Hedging.class);
    private static final int LATE_FACTOR = 2;

    /** As in the gate: a request may wait for this many times its predicted wait. */
    private static final double CAUTION = 1.8;

    /** Copies of late requests at once, beyond the share. */
    private static final int BURST = 20;

    /** Ids of requests with two copies, remembered to recognize their second replies. */
    private static final int REMEMBERED = 20_000;

    private final AdmissionControl admission;
    private final Steering steering;
    private final Function<ProducerRecord<byte[], byte[]>, CompletableFuture<Publication>> publisher;
    private final Settings settings;
    private final MeterRegistry registry;
    private final LongSupplier nanoClock;
    private final Counter duplicates;
    private final Map<String, OpenCall> open = new ConcurrentHashMap<>();
    private final Map<String, Model> models = new ConcurrentHashMap<>();
    private final Map<String, Boolean> answered = Collections.synchronizedMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    });

    /**
     * When and how often to hedge.
     *
     * @param share of the requests that may be published again; 0 switches hedging off
     * @param floor the least time after which a request is late
     * @param mostStuck requests at once that may be published again because their worker is stuck
     */
    public record Settings(double share, Duration floor, int mostStuck) {}

    /** @param publisher sends a record to Kafka without blocking */
    public Hedging(
            AdmissionControl admission,
            Steering steering,
            Function<ProducerRecord<byte[], byte[]>, CompletableFuture<Publication>> publisher,
            Settings settings,
            MeterRegistry registry,
            LongSupplier nanoClock) {
        this.admission = admission;
        this.steering = steering;
        this.publisher = publisher;
        this.settings = settings;
        this.registry = registry;
        this.nanoClock = nanoClock;
        this.duplicates = Counter.builder("inference.duplicate.replies")
                .description("Second replies to requests that were published twice; dropped")
                .register(registry);
    }

    /** Why a request is published again; a label of the meter. */
    private enum Reason {
        LATE,
        STUCK
    }

    /** What is known of a model's calls at this ingress. */
    private final class Model {
        private final RecentLatency latency = new RecentLatency();
        private final HedgeBudget late = new HedgeBudget(settings.share, BURST);
        private final HedgeBudget stuck = new HedgeBudget(settings.share, settings.mostStuck);
        private final Counter hedgedLate;
        private final Counter hedgedStuck;

        private Model(String name) {
            this.hedgedLate = counter(name, "late");
            this.hedgedStuck = counter(name, "stuck");
        }

        private Counter counter(String name, String reason) {
            return Counter.builder("inference.hedged.requests")
                    .description("Synchronous requests that were published once more, to another worker")
                    .tag("model", name)
                    .tag("reason", reason)
                    .register(registry);
        }

        private HedgeBudget budget(Reason reason) {
            return reason == Reason.LATE ? late : stuck;
        }

        private void count(Reason reason) {
            (reason == Reason.LATE ? hedgedLate : hedgedStuck).increment();
        }
    }

    /** A synchronous call that waits for its reply. */
    final class OpenCall {
        private final RequestId id;
        private final CheckedCall checked;
        private final ProducerRecord<byte[], byte[]> record;
        private final Model model;
        private final long sinceNanos;
        private final long deadlineNanos;
        private final long predictedWaitNanos;
        private volatile boolean isHedged;
        private volatile @Nullable RecordMetadata first;

        private OpenCall(
                RequestId id,
                CheckedCall checked,
                ProducerRecord<byte[], byte[]> record,
                long deadlineNanos,
                long predictedWaitNanos) {
            this.id = id;
            this.checked = checked;
            this.record = record;
            this.model = model(checked.call().model());
            this.sinceNanos = nanoClock.getAsLong();
            this.deadlineNanos = deadlineNanos;
            this.predictedWaitNanos = predictedWaitNanos;
        }

        /** Kafka has the request there. */
        void acknowledged(RecordMetadata metadata) {
            steering.published(checked, metadata.partition(), metadata.offset());
            first = metadata;
        }
    }

    /** Makes the counters of a model that workers announce. */
    public void announced(String model) {
        model(model);
    }

    /** Watches a call from now on, until its future completes. */
    OpenCall watch(
            RequestId id,
            CheckedCall checked,
            ProducerRecord<byte[], byte[]> record,
            long deadlineNanos,
            AdmittedRequest admitted,
            CompletableFuture<Optional<Reply>> arrived) {
        OpenCall call = new OpenCall(id, checked, record, deadlineNanos, admitted.predictedWaitNanos());
        call.model.late.request();
        call.model.stuck.request();
        open.put(id.toString(), call);
        arrived.whenComplete((reply, failure) -> {
            open.remove(id.toString());
            if (failure == null) {
                reply.ifPresent(outcome -> replied(call, outcome));
            }
        });
        return call;
    }

    private void replied(OpenCall call, Reply reply) {
        RecordMetadata first = call.first;
        if (reply.outcome() instanceof Outcome.Cancelled) {
            return; // perhaps not a worker's answer: the caller may have gone
        }
        if (call.isHedged) {
            answered.replace(call.id.toString(), true);
        } else if (first != null) {
            long now = nanoClock.getAsLong();
            steering.answered(call.checked, first.partition(), first.offset(), now);
            call.model.latency.observe(now - call.sinceNanos);
        }
    }

    /** A reply came that no caller waits for. Counts it if it is the second to a request with two copies. */
    public void unclaimed(String id) {
        if (Boolean.TRUE.equals(answered.replace(id, true))) {
            duplicates.increment();
        }
    }

    /** Publishes again what is late. Called every few milliseconds by one thread; never blocks. */
    public void sweep(long now) {
        for (OpenCall call : open.values()) {
            RecordMetadata first = call.first;
            if (first != null && !call.isHedged && now - call.sinceNanos >= settings.floor.toNanos()) {
                reason(call, first, now).ifPresent(reason -> hedge(call, first, reason));
            }
        }
    }

    private Optional<Reason> reason(OpenCall call, RecordMetadata first, long now) {
        if (steering.isStuck(call.checked, first.partition())) {
            return Optional.of(Reason.STUCK);
        }
        OptionalLong p99 = call.model.latency.p99Nanos();
        if (p99.isEmpty() || call.deadlineNanos - now < p99.getAsLong()) {
            return Optional.empty();
        }
        long usual = Math.max(settings.floor.toNanos(), LATE_FACTOR * p99.getAsLong());
        long waited = now - call.sinceNanos;
        boolean isLate = waited >= usual + CAUTION * call.predictedWaitNanos
                && (waited >= usual + CAUTION * predictedWaitNanos(call.checked)
                        || steering.isPausing(call.checked, first.partition()));
        return isLate ? Optional.of(Reason.LATE) : Optional.empty();
    }

    private long predictedWaitNanos(CheckedCall checked) {
        return admission.predictedWaitNanos(checked.call().model(), checked.lane());
    }

    private void hedge(OpenCall call, RecordMetadata first, Reason reason) {
        HedgeBudget budget = call.model.budget(reason);
        if (budget.isEmpty()) {
            return;
        }
        OptionalInt partition = steering.otherPartition(call.checked, first.partition());
        if (partition.isEmpty()) {
            return;
        }
        String id = call.id.toString();
        answered.put(id, false);
        call.isHedged = true;
        if (!open.containsKey(id)) { // it has just ended, and may have missed the line above
            answered.remove(id);
            return;
        }
        budget.take();
        ProducerRecord<byte[], byte[]> copy = copy(call, first, partition.getAsInt());
        publisher.apply(copy).thenAccept(publication -> {
            if (publication != Publication.ACKNOWLEDGED) {
                LOG.debugf("The second copy of request %s was not published: %s", call.id, publication);
            }
        });
        call.model.count(reason);
        call.checked.call().trace().note("published again, to another worker");
    }

    /** The copy lives no longer than the first: its deadline is a time of the broker's clock, and not counted from its own arrival. */
    private static ProducerRecord<byte[], byte[]> copy(OpenCall call, RecordMetadata first, int partition) {
        ProducerRecord<byte[], byte[]> record = call.record;
        ProducerRecord<byte[], byte[]> copy =
                new ProducerRecord<>(record.topic(), partition, record.key(), record.value(), record.headers());
        copy.headers().remove(RecordHeaders.TIMEOUT_MS);
        RecordHeaders.set(copy.headers(), RecordHeaders.COPY, "1");
        long deadlineMillis = first.timestamp() + call.checked.timeout().toMillis();
        RecordHeaders.set(copy.headers(), RecordHeaders.DEADLINE_MS, Long.toString(deadlineMillis));
        return copy;
    }

    private Model model(String name) {
        return models.computeIfAbsent(name, Model::new);
    }
}
