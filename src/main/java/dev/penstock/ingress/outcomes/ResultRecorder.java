package dev.penstock.ingress.outcomes;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.TopicIndexer;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.threads.LimitedLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jboss.logging.Logger;

/** Copies outcomes from {@code penstock.results} to Redis. All ingresses share the work as one consumer group. */
public final class ResultRecorder implements TopicIndexer.Index {
    private static final LimitedLog SKIPPED = new LimitedLog(Logger.getLogger(ResultRecorder.class));

    private final ResultStore store;
    private final RequestIdIssuer ids;
    private final DroppedReplyMeters dropped;

    public ResultRecorder(ResultStore store, RequestIdIssuer ids, DroppedReplyMeters dropped) {
        this.store = store;
        this.ids = ids;
        this.dropped = dropped;
    }

    @Override
    public CompletionStage<TopicIndexer.State> state() {
        return store.state().toCompletionStage();
    }

    @Override
    public CompletionStage<Set<Integer>> store(List<TopicIndexer.Step> steps) {
        return store.store(steps.stream()
                        .map(step -> new ResultStore.Results(step, outcomes(step.records())))
                        .toList())
                .toCompletionStage();
    }

    private List<StoredResult> outcomes(List<ConsumerRecord<byte[], byte[]>> records) {
        List<StoredResult> outcomes = new ArrayList<>(records.size());
        for (ConsumerRecord<byte[], byte[]> record : records) {
            try {
                StoredResult outcome = StoredResult.of(record);
                if (ids.verify(outcome.reply().correlationId().toString()).isPresent()) {
                    outcomes.add(outcome);
                } else {
                    dropped.forged(); // no caller could poll for it, and it would fill Redis
                }
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
        return outcomes;
    }
}
