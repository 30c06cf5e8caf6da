import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends one request to the digits model over Kafka and prints the answer. */
public class Producer {
    public static void main(String[] arguments) throws Exception {
        Map<String, Object> kafka = Map.of("bootstrap.servers", arguments.length > 0 ? arguments[0] : "localhost:9092");
        String correlationId = UUID.randomUUID().toString();
        TopicPartition replies = new TopicPartition("penstock.replies.demo", 0);
        try (var consumer = new KafkaConsumer<>(kafka, new StringDeserializer(), new StringDeserializer());
                var producer = new KafkaProducer<>(kafka, new StringSerializer(), new StringSerializer())) {
            consumer.assign(List.of(replies));
            consumer.seekToEnd(List.of(replies));
            consumer.position(replies); // fetched now, so that no later reply is missed

            var request = new ProducerRecord<String, String>(
                    "penstock.digits.requests", Files.readString(Path.of("docs/examples/seven.json")));
            request.headers().add("correlation-id", correlationId.getBytes(StandardCharsets.UTF_8));
            request.headers().add("reply-topic", replies.topic().getBytes(StandardCharsets.UTF_8));
            producer.send(request).get();

            long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
            while (System.nanoTime() < end) {
                for (var reply : consumer.poll(Duration.ofMillis(200))) {
                    var id = reply.headers().lastHeader("correlation-id");
                    if (id != null && correlationId.equals(new String(id.value(), StandardCharsets.UTF_8))) {
                        System.out.println(reply.value());
                        return;
                    }
                }
            }
        }
        throw new IllegalStateException("no reply within 10 s");
    }
}
