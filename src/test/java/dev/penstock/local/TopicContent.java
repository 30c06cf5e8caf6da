package dev.penstock.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.messages.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;

/** What tests look up on a broker: the records of a topic, and the workers of a model. */
public final class TopicContent {
    /**
     * Setting of consumers that read what is there. A broker holds back an answer without records for half a second, and one that is asked for a
     * partition too early holds back the next.
     */
    public static final Map<String, Object> AT_ONCE = Map.of("fetch.max.wait.ms", 10);

    private TopicContent() {}

    /** All records of a topic, in the order of each partition. */
    public static List<ConsumerRecord<String, String>> read(Map<String, Object> clients, String topic) {
        Map<String, Object> settings = new HashMap<>(clients);
        settings.putAll(AT_ONCE);
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = IntStream.range(
                            0, consumer.partitionsFor(topic).size())
                    .mapToObj(number -> new TopicPartition(topic, number))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<ConsumerRecord<String, String>> records = new ArrayList<>();
            while (partitions.stream()
                    .anyMatch(partition -> consumer.position(partition)
                            < Optional.ofNullable(ends.get(partition)).orElse(0L))) {
                consumer.poll(Duration.ofMillis(50)).forEach(records::add);
            }
            return records;
        }
    }

    /** The last header with that name; empty text if there is none. */
    public static String header(ConsumerRecord<?, ?> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), UTF_8);
    }

    /** The model's workers that have partitions. */
    public static long workers(Admin admin, String model) throws Exception {
        return admin.describeConsumerGroups(List.of(Topics.workerGroup(model))).all().get().values().stream()
                .flatMap(group -> group.members().stream())
                .filter(member -> !member.assignment().topicPartitions().isEmpty())
                .count();
    }
}
