package dev.penstock.deadletters;

import static dev.penstock.messages.RecordHeaders.COPY;
import static dev.penstock.messages.RecordHeaders.DEADLINE_MS;
import static dev.penstock.messages.RecordHeaders.REPLAYED;
import static dev.penstock.messages.RecordHeaders.REPLAYED_FROM;
import static dev.penstock.messages.RecordHeaders.TIMEOUT_MS;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;

/**
 * Publishes dead letters again, each at most once. A transaction writes the request and, beside the letter, a record that says that the
 * letter was replayed: both or neither. All replays of a model share one transactional id, so a second one ends the first.
 */
final class Replay {
    /** The largest record that is published again, in bytes. */
    private static final int MAX_RECORD_BYTES = 256 << 20;

    private final KafkaClients kafka;
    private final TopicReader reader;
    private final Originals originals;
    private final String model;
    private final Optional<String> to;
    private final Optional<Integer> timeoutMillis;

    Replay(KafkaClients kafka, String model, Optional<String> to, Optional<Integer> timeoutMillis) {
        this.kafka = kafka;
        this.reader = new TopicReader(kafka);
        this.originals = new Originals(reader);
        this.model = model;
        this.to = to;
        this.timeoutMillis = timeoutMillis;
    }

    /** What became of one letter. */
    sealed interface Result {
        record Published(String topic) implements Result {}

        record WasReplayed() implements Result {}

        record NotPublished(String why) implements Result {}
    }

    /**
     * Replays the letters that are chosen.
     *
     * @throws org.apache.kafka.common.KafkaException when the broker refuses or does not answer, or another replay has begun
     */
    void run(Predicate<DeadLetter> chosen, BiConsumer<DeadLetter, Result> each) {
        try (Producer<byte[], byte[]> producer = producer()) {
            producer.initTransactions(); // ends what another replay began
            Set<String> replayed = replayed();
            reader.readAll(Topics.deadLetters(model), record -> {
                DeadLetter letter = DeadLetter.of(record);
                if (letter.replayed().isEmpty() && chosen.test(letter)) {
                    each.accept(
                            letter,
                            replayed.contains(letter.name()) ? new Result.WasReplayed() : replay(producer, letter));
                }
            });
        }
    }

    private Set<String> replayed() {
        Set<String> replayed = new HashSet<>();
        reader.readAll(
                Topics.deadLetters(model),
                record -> DeadLetter.of(record).replayed().ifPresent(replayed::add));
        return replayed;
    }

    private Result replay(Producer<byte[], byte[]> producer, DeadLetter letter) {
        Optional<String> topic =
                to.or(() -> letter.source().map(place -> place.partition().topic()));
        if (topic.isEmpty()) {
            return new Result.NotPublished("it does not say where it came from; name a topic with --to");
        }
        Optional<ConsumerRecord<byte[], byte[]>> original = originals.find(letter);
        if (original.isEmpty()) {
            return new Result.NotPublished("it is headers alone, and its record is no longer in the log");
        }
        ProducerRecord<byte[], byte[]> request = request(topic.get(), letter, original.get());
        producer.beginTransaction();
        try {
            producer.send(request);
            producer.send(marker(letter));
            producer.commitTransaction(); // throws what made a send fail
            return new Result.Published(topic.get());
        } catch (RecordTooLargeException | TopicAuthorizationException refused) {
            producer.abortTransaction();
            return new Result.NotPublished(String.valueOf(refused.getMessage()));
        }
    }

    private ProducerRecord<byte[], byte[]> request(
            String topic, DeadLetter letter, ConsumerRecord<byte[], byte[]> original) {
        ProducerRecord<byte[], byte[]> request = new ProducerRecord<>(topic, null, original.key(), original.value());
        Originals.copyHeaders(original.headers(), request.headers());
        RecordHeaders.remove(request.headers(), DEADLINE_MS); // it is over, or will be soon
        request.headers().remove(COPY); // nobody else answers it
        timeoutMillis.ifPresent(millis -> {
            RecordHeaders.remove(request.headers(), TIMEOUT_MS);
            RecordHeaders.set(request.headers(), TIMEOUT_MS, Integer.toString(millis));
        });
        RecordHeaders.set(request.headers(), REPLAYED_FROM, letter.record().topic() + "/" + letter.name());
        return request;
    }

    private static ProducerRecord<byte[], byte[]> marker(DeadLetter letter) {
        ProducerRecord<byte[], byte[]> marker =
                new ProducerRecord<>(letter.record().topic(), letter.record().partition(), null, null);
        RecordHeaders.set(marker.headers(), REPLAYED, letter.name());
        return marker;
    }

    private Producer<byte[], byte[]> producer() {
        return kafka.producer(Map.of(
                ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                Topics.deadLetters(model) + ".replay",
                ProducerConfig.ACKS_CONFIG,
                "all",
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                15_000,
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                MAX_RECORD_BYTES,
                ProducerConfig.BUFFER_MEMORY_CONFIG,
                (long) MAX_RECORD_BYTES));
    }
}
