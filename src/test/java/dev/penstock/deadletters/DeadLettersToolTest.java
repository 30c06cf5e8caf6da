package dev.penstock.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.cli.Penstock;
import dev.penstock.cli.command.DeadLettersCommand;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.local.EmbeddedKafka;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line on a real broker. */
class DeadLettersToolTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final byte[] VALUE = HexFormat.of().parseHex("00ff80c0fe7b");

    private static EmbeddedKafka broker;
    private static KafkaClients kafka;
    private static Producer<byte[], byte[]> producer;

    private final String model = "m-" + UUID.randomUUID();
    private final String requests = Topics.requests(model, Lane.INTERACTIVE);
    private final String letters = Topics.deadLetters(model);

    @TempDir
    Path folder;

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedKafka.start();
        kafka = new KafkaClients(Map.of("bootstrap.servers", broker.bootstrapServers()));
        producer = kafka.producer(Map.of("max.request.size", 8 << 20));
    }

    @AfterAll
    static void stopBroker() {
        producer.close();
        broker.close();
    }

    @BeforeEach
    void createTopics() throws Exception {
        try (Admin admin = kafka.admin()) {
            admin.createTopics(List.of(
                            new NewTopic(requests, 1, (short) 1).configs(Map.of("max.message.bytes", "1048576")),
                            new NewTopic(letters, 1, (short) 1)))
                    .all()
                    .get();
        }
    }

    @Test
    void listsWhyAndHowOftenAndFromWhere() throws Exception {
        letter(VALUE, Map.of("correlation-id", "42", "penstock-error", "not\nJSON", "penstock-attempts", "2"));
        letter(null, Map.of("correlation-id", "43", "penstock-truncated", "5000"));

        Outcome text = run("list");
        List<JsonNode> json = run("list --json").json();

        assertThat(text.exitCode()).isZero();
        assertThat(text.out().lines()).hasSize(3);
        assertThat(text.out().lines().toList().get(1))
                .contains("0/0", " 2 ", " 6 ", " no ", requests + "/0/7", "42", "not JSON");
        assertThat(json.getFirst().get("why").asText()).isEqualTo("not\nJSON");
        assertThat(json.getLast().get("bytes").asLong()).isEqualTo(5000);
        assertThat(json.getLast().get("truncated").asBoolean()).isTrue();
        assertThat(run("list --json --limit 1").json()).hasSize(1);
    }

    /** And ends behind its marker, at which no record is. */
    @Test
    void listsNoLetterOfATransactionThatWasAborted() throws Exception {
        letter(VALUE, Map.of("correlation-id", "42"));
        try (Producer<byte[], byte[]> transactional = kafka.producer(Map.of("transactional.id", model))) {
            transactional.initTransactions();
            transactional.beginTransaction();
            transactional.send(new ProducerRecord<>(letters, VALUE)).get();
            transactional.abortTransaction();
        }

        assertThat(run("list --json").json()).hasSize(1);
        assertThat(run("show 0/1").err()).contains("there is no dead letter 0/1");
    }

    @Test
    void showsTheBytesAndHeadersAsTheyCame() throws Exception {
        letter(VALUE, Map.of("mine", "kept"));
        Path file = folder.resolve("value");

        Outcome shown = run("show 0/0 --value-to " + file);
        JsonNode json = run("show 0/0 --json").json().getFirst();

        assertThat(shown.out()).contains("mine: kept", "value: 0x00ff80c0fe7b");
        assertThat(Files.readAllBytes(file)).isEqualTo(VALUE);
        assertThat(Base64.getDecoder().decode(json.get("value_base64").asText()))
                .isEqualTo(VALUE);
        assertThat(run("show 0/9").err()).contains("there is no dead letter 0/9 of model " + model);
    }

    @Test
    void replaysALetterOnceHoweverOftenItIsAsked() throws Exception {
        letter(
                VALUE,
                Map.of(
                        "correlation-id", "42",
                        "mine", "kept",
                        "deadline-ms", "1",
                        "timeout-ms", "5000",
                        "penstock-copy", "1",
                        "penstock-error", "not JSON",
                        "penstock-source", "elsewhere/0/0"));

        Outcome first = run("replay 0/0");
        Outcome second = run("replay --all --json");

        assertThat(first.out()).contains("0/0 is replayed to " + requests);
        assertThat(second.json().getFirst().get("result").asText()).isEqualTo("replayed-before");
        assertThat(second.exitCode()).isZero();
        ConsumerRecord<byte[], byte[]> request = onlyRecord(requests);
        assertThat(request.value()).isEqualTo(VALUE);
        assertThat(request.key()).isEqualTo("key".getBytes(UTF_8));
        assertThat(headers(request))
                .isEqualTo(Map.of(
                        "correlation-id", "42",
                        "mine", "kept",
                        "timeout-ms", "5000",
                        "penstock-replayed-from", letters + "/0/0"));
        assertThat(run("list --json").json())
                .singleElement()
                .satisfies(line -> assertThat(line.get("replayed").asBoolean()).isTrue());
    }

    /** Both have read that the letter was not replayed; the second ends the transaction of the first. */
    @Test
    void twoReplaysAtOncePublishALetterOnce() throws Exception {
        letter(VALUE, Map.of());
        Map<String, Integer> published = new HashMap<>();

        Replay first = new Replay(kafka, model, Optional.empty(), Optional.empty());
        try {
            first.run(
                    letter -> {
                        new Replay(kafka, model, Optional.empty(), Optional.empty())
                                .run(each -> true, (each, result) -> published.merge("second", 1, Integer::sum));
                        return true;
                    },
                    (letter, result) -> published.merge("first", 1, Integer::sum));
        } catch (ProducerFencedException | InvalidProducerEpochException fenced) {
            published.put("fenced", 1);
        }

        assertThat(published).isEqualTo(Map.of("second", 1, "fenced", 1));
        assertThat(onlyRecord(requests).value()).isEqualTo(VALUE);
    }

    @Test
    void replaysToAnotherTopicWithATimeoutOfItsOwn() throws Exception {
        letter(VALUE, Map.of("timeout-ms", "5000"));
        String to = Topics.requests(model, Lane.BULK);
        try (Admin admin = kafka.admin()) {
            admin.createTopics(List.of(new NewTopic(to, 1, (short) 1))).all().get();
        }

        assertThat(run("replay 0/0 --to " + to + " --timeout 60000").exitCode()).isZero();

        assertThat(headers(onlyRecord(to))).containsEntry("timeout-ms", "60000");
        long tooLarge = letter(new byte[2 << 20], Map.of()).offset(); // the topic takes 1 MiB
        assertThat(run("replay 0/" + tooLarge).out()).contains("0/" + tooLarge + " cannot be replayed: ");
        assertThat(run("replay 0/0 --to nowhere").err()).contains("there is no topic nowhere; is --to right?");
    }

    @Test
    void fetchesTheRecordOfALetterThatIsHeadersAloneWhileTheLogHasIt() throws Exception {
        ProducerRecord<byte[], byte[]> source = new ProducerRecord<>(requests, "key".getBytes(UTF_8), VALUE);
        RecordHeaders.set(source.headers(), "correlation-id", "42");
        long offset = producer.send(source).get().offset();
        letter(null, offset, Map.of("correlation-id", "42", "penstock-truncated", "6"));
        letter(null, offset, Map.of("correlation-id", "another", "penstock-truncated", "6"));
        letter(null, offset + 1000, Map.of("penstock-truncated", "6"));

        Outcome shown = run("show 0/0");
        Outcome replayed = run("replay --all");

        assertThat(shown.out()).contains("value: 0x00ff80c0fe7b");
        assertThat(replayed.exitCode()).isEqualTo(1);
        assertThat(replayed.out())
                .contains(
                        "0/0 is replayed to",
                        "0/1 cannot be replayed: it is headers alone, and its record is no longer in the log",
                        "0/2 cannot be replayed");
        assertThat(records(requests))
                .hasSize(2)
                .allSatisfy(record -> assertThat(record.value()).isEqualTo(VALUE));
    }

    @Test
    void saysWhatIsMissing() throws Exception {
        assertThat(run("replay").exitCode()).isEqualTo(2);
        assertThat(run("replay 0/5").err()).contains("there is no dead letter 0/5");
        assertThat(new Run("list --model no-such --kafka " + broker.bootstrapServers())
                        .outcome()
                        .err())
                .contains("there is no topic penstock.no-such.dead-letters; is --model right?");
    }

    private RecordMetadata letter(byte @Nullable [] value, Map<String, String> headers) throws Exception {
        return letter(value, 7, headers);
    }

    private RecordMetadata letter(byte @Nullable [] value, long sourceOffset, Map<String, String> headers)
            throws Exception {
        ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(letters, "key".getBytes(UTF_8), value);
        headers.forEach((name, text) -> RecordHeaders.set(letter.headers(), name, text));
        RecordHeaders.set(letter.headers(), RecordHeaders.DEAD_LETTER_SOURCE_TOPIC, requests);
        RecordHeaders.set(letter.headers(), RecordHeaders.DEAD_LETTER_SOURCE_PARTITION, "0");
        RecordHeaders.set(letter.headers(), RecordHeaders.DEAD_LETTER_SOURCE_OFFSET, Long.toString(sourceOffset));
        return producer.send(letter).get();
    }

    private static ConsumerRecord<byte[], byte[]> onlyRecord(String topic) {
        List<ConsumerRecord<byte[], byte[]>> all = records(topic);
        assertThat(all).hasSize(1);
        return all.getFirst();
    }

    private static List<ConsumerRecord<byte[], byte[]>> records(String topic) {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        new TopicReader(kafka).readAll(topic, all::add);
        return all;
    }

    private static Map<String, String> headers(ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> headers = new HashMap<>();
        record.headers().forEach(header -> headers.put(header.key(), new String(header.value(), UTF_8)));
        return headers;
    }

    private Outcome run(String line) {
        return new Run(line + " --model " + model + " --kafka " + broker.bootstrapServers()).outcome();
    }

    private record Outcome(int exitCode, String out, String err) {
        List<JsonNode> json() {
            return out.lines()
                    .map(line -> {
                        try {
                            return JSON.readTree(line);
                        } catch (IOException broken) {
                            throw new UncheckedIOException(broken);
                        }
                    })
                    .toList();
        }
    }

    /** Reads a command line as the launcher does. */
    private record Run(String line) {
        Outcome outcome() {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            DeadLettersTool tool =
                    new DeadLettersTool(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
            int exitCode = Penstock.run(
                    command -> tool.run((DeadLettersCommand) command), ("dead-letters " + line).split(" "));
            return new Outcome(exitCode, out.toString(UTF_8), err.toString(UTF_8));
        }
    }
}
