package dev.penstock.ingress.outcomes;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.TopicRecorder;
import dev.penstock.messages.Reply;
import dev.penstock.protocol.InvalidRequestException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jboss.logging.Logger;

/** Copies outcomes from {@code penstock.results} to Redis. All ingresses share the work as one consumer group. */
public final class ResultRecorder implements TopicRecorder.Store {
    private static final Logger LOG = Logger.getLogger(ResultRecorder.class);

    private final ResultStore store;
    private final RequestIdIssuer ids;
    private final DroppedReplyMeters dropped;

    public ResultRecorder(ResultStore store, RequestIdIssuer ids, DroppedReplyMeters dropped) {
        this.store = store;
        this.ids = ids;
        this.dropped = dropped;
    }

    @Override
    public CompletionStage<?> store(List<ConsumerRecord<byte[], byte[]>> records) {
        List<Reply> replies = new ArrayList<>(records.size());
        for (ConsumerRecord<byte[], byte[]> record : records) {
            try {
                Reply reply = Reply.read(record.headers(), record.value());
                if (ids.verify(reply.correlationId().toString()).isPresent()) {
                    replies.add(reply);
                } else {
                    dropped.forged(); // no caller could poll for it, and it would fill Redis
                }
            } catch (InvalidRequestException broken) {
                dropped.broken();
                LOG.warnf(
                        "Skipped %s-%d@%d, which is not a reply: %s",
                        record.topic(), record.partition(), record.offset(), broken.getMessage());
            }
        }
        return store.store(replies).toCompletionStage();
    }
}
