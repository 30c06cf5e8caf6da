package dev.penstock.ingress.outcomes;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.TopicIndexer;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.threads.LimitedLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jboss.logging.Logger;

/**
 * Copies outcomes from {@code penstock.results} to Redis. All ingresses share the work as one consumer group. An outcome that a call waits for
 * here need not come back from Redis first.
 */
public final class ResultRecorder implements TopicIndexer.Index {
    private static final LimitedLog SKIPPED = new LimitedLog(Logger.getLogger(ResultRecorder.class));

    private final ResultStore store;
    private final RequestIdIssuer ids;
    private final DroppedReplyMeters dropped;
    private final OwnPartitions own;
    private final Reader reader;

    /** Receives the outcomes of which this ingress has read all that came before, in the order of the log. */
    @FunctionalInterface
    public interface Reader {
        /** @param stored completes once the outcome is in Redis, or when it could not be stored */
        void read(RequestId id, StoredResult outcome, CompletionStage<?> stored);
    }

    public ResultRecorder(
            ResultStore store, RequestIdIssuer ids, DroppedReplyMeters dropped, OwnPartitions own, Reader reader) {
        this.store = store;
        this.ids = ids;
        this.dropped = dropped;
        this.own = own;
        this.reader = reader;
    }

    @Override
    public CompletionStage<TopicIndexer.State> state() {
        return store.state().toCompletionStage();
    }

    @Override
    public CompletionStage<Set<Integer>> store(List<TopicIndexer.Step> steps) {
        steps.forEach(step -> own.topicHas(step.partitions()));
        List<ResultStore.Results> results = steps.stream()
                .map(step -> new ResultStore.Results(step, settled(step.records())))
                .toList();
        CompletionStage<Set<Integer>> stored = store.store(results).toCompletionStage();
        // Afterwards, so that who has an outcome from here finds it in Redis, too.
        for (ResultStore.Results each : results) {
            for (ResultStore.Settled settled : each.settled()) {
                if (own.have(settled.id())) {
                    reader.read(settled.id(), settled.outcome(), stored);
                }
            }
        }
        return stored;
    }

    @Override
    public void takenUp(int partition, long sinceMillis) {
        own.takenUp(partition, sinceMillis);
    }

    @Override
    public void givenUp(int partition) {
        own.givenUp(partition);
    }

    private List<ResultStore.Settled> settled(List<ConsumerRecord<byte[], byte[]>> records) {
        List<ResultStore.Settled> settled = new ArrayList<>(records.size());
        for (ConsumerRecord<byte[], byte[]> record : records) {
            try {
                StoredResult outcome = StoredResult.of(record);
                ids.verify(outcome.reply().correlationId().toString())
                        .ifPresentOrElse(
                                id -> settled.add(new ResultStore.Settled(id, outcome)),
                                dropped::forged); // no caller could poll for it, and it would fill Redis
            } catch (InvalidRequestException
                    | RuntimeException broken) { // a bug that one record provokes must not stop the others
                dropped.broken();
                SKIPPED.warn(
                        "Skipped %s-%d@%d, which is not a reply: %s. Only workers may write to this topic",
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        broken instanceof InvalidRequestException invalid
                                ? "its " + invalid.field() + " breaks a rule"
                                : broken.getClass().getName());
            }
        }
        return settled;
    }
}
