package dev.penstock.ingress.outcomes;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.kafka.TopicSearch;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import dev.penstock.threads.Fault;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.utils.Utils;

/**
 * Finds outcomes in Kafka's log, which is the record of them: the outcome of a request is the first reply with its id in its partition.
 * Those of synchronous calls are in {@code penstock.replies}, all others in {@code penstock.results}. Thread-safe.
 */
public final class OutcomeLog implements AutoCloseable {
    /** How far the clocks of an ingress and a broker may be apart. */
    private static final long SKEW_MILLIS = Duration.ofMinutes(1).toMillis();

    /** Polls for recent requests, which have little to read, do not wait for polls that have much. */
    private static final long RECENT_MILLIS = Duration.ofMinutes(2).toMillis();

    private static final int RECENT_THREADS = 2;
    private static final int EARLIER_THREADS = 1;

    private final TopicSearch<StoredResult> recent;
    private final TopicSearch<StoredResult> earlier;
    private final Duration resultRetention;
    private final LongSupplier epochMillis;
    private final Counter found;
    private final Counter absent;
    private final Counter failed;

    /**
     * Starts the threads.
     *
     * @param timeout of one look-up
     * @param resultRetention of {@code penstock.results}
     */
    public OutcomeLog(
            Supplier<KafkaConsumer<byte[], byte[]>> consumers,
            Consumer<? super Fault> faults,
            Duration timeout,
            Duration resultRetention,
            LongSupplier epochMillis,
            MeterRegistry registry) {
        this.recent = new TopicSearch<>(
                "penstock-outcomes-recent", RECENT_THREADS, faults, consumers, timeout, OutcomeLog::read);
        this.earlier = new TopicSearch<>(
                "penstock-outcomes-earlier", EARLIER_THREADS, faults, consumers, timeout, OutcomeLog::read);
        this.resultRetention = resultRetention;
        this.epochMillis = epochMillis;
        this.found = counter(registry, "found");
        this.absent = counter(registry, "absent");
        this.failed = counter(registry, "failed");
    }

    /**
     * Completes with the outcome, or empty when there is none yet. Fails with a {@link ProblemException} when the log no longer has it, and
     * with another exception when the look-up was not possible, or not in time.
     */
    public CompletableFuture<Optional<StoredResult>> find(RequestId id) {
        long now = epochMillis.getAsLong();
        TopicSearch<StoredResult> search = now - id.issuedMillis() < RECENT_MILLIS ? recent : earlier;
        return search.find(question(id))
                .whenComplete((answer, failure) -> (failure != null
                                ? failed
                                : answer instanceof TopicSearch.Answer.Found<StoredResult> ? found : absent)
                        .increment())
                .thenApply(answer -> switch (answer) {
                    case TopicSearch.Answer.Found<StoredResult>(StoredResult outcome) -> Optional.of(outcome);
                    case TopicSearch.Answer.Absent<StoredResult>() -> Optional.empty();
                    case TopicSearch.Answer.PerhapsDeleted<StoredResult>() -> {
                        if (now - id.issuedMillis() > retention(id).toMillis()) {
                            throw gone();
                        }
                        yield Optional.empty(); // nothing of its time can be deleted yet
                    }
                });
    }

    private static TopicSearch.Question question(RequestId id) {
        long since = id.issuedMillis() - SKEW_MILLIS;
        return RequestIdIssuer.isToCaller(id)
                ? new TopicSearch.Question(
                        Topics.REPLIES, partitions -> RequestIdIssuer.partitionOf(id, partitions), id.toString(), since)
                : new TopicSearch.Question(
                        Topics.RESULTS, partitions -> resultPartition(id, partitions), id.toString(), since);
    }

    /** The partition of {@code penstock.results} to which producers send the outcome, by its key. */
    static int resultPartition(RequestId id, int partitions) {
        return Utils.toPositive(Utils.murmur2(id.toString().getBytes(UTF_8))) % partitions;
    }

    private Duration retention(RequestId id) {
        return RequestIdIssuer.isToCaller(id) ? TopicLayout.REPLY_RETENTION : resultRetention;
    }

    private static Optional<StoredResult> read(ConsumerRecord<byte[], byte[]> record) {
        try {
            return Optional.of(StoredResult.of(record));
        } catch (InvalidRequestException notAReply) {
            return Optional.empty();
        }
    }

    static ProblemException gone() {
        return new ProblemException(Problem.of(Problem.Kind.GONE, "the outcome of this request is no longer kept"));
    }

    static boolean isGone(Throwable failure) {
        return failure instanceof ProblemException
                || (failure instanceof CompletionException && failure.getCause() instanceof ProblemException);
    }

    private static Counter counter(MeterRegistry registry, String result) {
        return Counter.builder("inference.outcome.lookups")
                .description("Polls that looked in Kafka's log, since Redis did not know")
                .tag("result", result)
                .register(registry);
    }

    @Override
    public void close() {
        recent.close();
        earlier.close();
    }
}
