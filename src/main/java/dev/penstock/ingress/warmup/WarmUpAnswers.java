package dev.penstock.ingress.warmup;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.kafka.TopicFollower;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.Timings;
import dev.penstock.messages.Topics;
import dev.penstock.messages.WarmUpBodies;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.tenants.Tenant;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Answers the requests of this ingress's warm-up as a worker would, so that an ingress needs no worker to warm up. Other ingresses share
 * the topic; theirs are skipped.
 */
public final class WarmUpAnswers {
    private final RequestIdIssuer ids;
    private final Tenant tenant;

    /** @param tenant of this process's warm-up alone */
    public WarmUpAnswers(RequestIdIssuer ids, Tenant tenant) {
        this.ids = ids;
        this.tenant = tenant;
    }

    TopicFollower.Listener by(Producer<byte[], byte[]> producer) {
        return new TopicFollower.Listener() {
            @Override
            public void assign(Consumer<byte[], byte[]> consumer) {
                List<TopicPartition> all = List.of(new TopicPartition(
                        Topics.requests(WarmUpModels.OF_INGRESS).getFirst(), 0));
                consumer.assign(all);
                consumer.seekToEnd(all);
            }

            @Override
            public void received(ConsumerRecord<byte[], byte[]> record) {
                try {
                    answer(record).ifPresent(producer::send);
                } catch (InvalidRequestException notOurs) {
                    // Only ingresses write here, and what this one writes is valid.
                }
            }
        };
    }

    /** Empty for the request of another ingress. */
    Optional<ProducerRecord<byte[], byte[]>> answer(ConsumerRecord<byte[], byte[]> request)
            throws InvalidRequestException {
        String id = RecordHeaders.text(request.headers(), RecordHeaders.CORRELATION_ID)
                .orElse("");
        Optional<String> topic = RecordHeaders.text(request.headers(), RecordHeaders.REPLY_TOPIC);
        if (topic.isEmpty() || ids.verify(id, tenant).isEmpty()) {
            return Optional.empty();
        }
        Optional<Integer> partition = RecordHeaders.number(request.headers(), RecordHeaders.REPLY_PARTITION, 0)
                .map(Long::intValue);
        boolean isBinary = RecordHeaders.jsonLength(request.headers()).isPresent();
        Reply reply = new Reply(
                id,
                WarmUpModels.OF_INGRESS,
                WarmUpModels.VERSION,
                new Outcome.Succeeded(WarmUpBodies.answer(isBinary)),
                Timings.NONE);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                topic.get(), partition.orElse(null), partition.isPresent() ? null : id.getBytes(UTF_8), reply.value());
        reply.writeHeaders(record.headers());
        return Optional.of(record);
    }
}
