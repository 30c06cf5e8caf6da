package dev.penstock.worker.intake;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.messages.Topics;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.GroupProtocol;

/** Makes the consumers by which workers share a model's requests, as members of that model's group. */
public final class RequestConsumers {
    private final KafkaClients kafka;
    private final GroupProtocol protocol;

    public RequestConsumers(KafkaClients kafka, GroupProtocol protocol) {
        this.kafka = kafka;
        this.protocol = protocol;
    }

    /** Returns a new member of the model's group. */
    public Consumer<byte[], byte[]> forModel(String model) {
        return kafka.member(
                Topics.workerGroup(model),
                protocol,
                Map.of(
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        "earliest",
                        ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                        1000));
    }
}
