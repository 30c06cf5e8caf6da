package dev.penstock.service;

import static dev.penstock.local.TopicContent.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.LocalStack;
import dev.penstock.local.TopicContent;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.model.OnnxModels;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that die or freeze while they serve other systems, which would see each second reply. */
@Tag("long")
class WorkerFaultsIT {
    private static final LocalStack stack = LocalStack.start();
    private static final Map<String, Object> KAFKA = Map.of("bootstrap.servers", stack.bootstrapServers());
    private static final KafkaProducer<String, String> PRODUCER =
            new KafkaProducer<>(KAFKA, new StringSerializer(), new StringSerializer());
    private static final long PAUSE_NANOS = Duration.ofMillis(10).toNanos();

    @TempDir
    private Path folder;

    @AfterAll
    static void stop() {
        PRODUCER.close();
        stack.close();
    }

    @Test
    void aRequestThatEndsItsProcessTwiceFailsAndItsNeighboursSucceed() throws Exception {
        OnnxModels.write(folder, "remainder", 1, OnnxModels.modulo());
        createReplies("penstock.replies.remainder");
        try (RoleProcess first = worker()) {
            awaitWarm(first, "remainder");
            sendCopy("remainder", "poison", "x", Long.MIN_VALUE);
            for (int i = 0; i < 20; i++) {
                send("remainder", i == 10 ? "poison" : "good" + i, "x", i == 10 ? Long.MIN_VALUE : i);
            }
            assertThat(first.awaitExit()).isNotZero();
            try (RoleProcess second = worker()) {
                assertThat(second.awaitExit()).isNotZero();
                try (RoleProcess third = worker()) {
                    patiently().until(() -> read("penstock.replies.remainder").size() >= 20);
                    assertThat(third.handle().isAlive()).isTrue();
                }
            }
        }
        Map<String, String> outcomes = new HashMap<>();
        for (ConsumerRecord<String, String> reply : read("penstock.replies.remainder")) {
            assertThat(outcomes.put(header(reply, RecordHeaders.CORRELATION_ID), header(reply, RecordHeaders.STATUS)))
                    .isNull();
        }
        assertThat(outcomes).hasSize(20).containsEntry("poison", "failed");
        outcomes.remove("poison");
        assertThat(outcomes.values()).containsOnly("succeeded");
        List<ConsumerRecord<String, String>> letters = read(Topics.deadLetters("remainder"));
        assertThat(letters).hasSize(1);
        assertThat(header(letters.getFirst(), RecordHeaders.CORRELATION_ID)).isEqualTo("poison");
        assertThat(header(letters.getFirst(), RecordHeaders.DEAD_LETTER_ATTEMPTS))
                .isEqualTo("2");
    }

    /** The broker gives the partitions of a silent worker to others after 6 s. */
    @Test
    void aWorkerThatIsKilledAndOneThatIsFrozenGiveNoSecondReply() throws Exception {
        OnnxModels.write(folder, "pick", 1, OnnxModels.lookup());
        createReplies("penstock.replies.pick");
        List<String> sent = new ArrayList<>();
        AtomicBoolean enough = new AtomicBoolean();
        Thread sender = Thread.ofPlatform().name("sender").unstarted(() -> {
            while (!enough.get()) {
                sent.add("r" + sent.size());
                send("pick", sent.getLast(), "index", 1);
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        });
        try (RoleProcess stays = worker();
                RoleProcess freezes = worker();
                RoleProcess dies = worker()) {
            for (RoleProcess each : List.of(stays, freezes, dies)) {
                awaitWarm(each, "pick");
            }
            patiently().until(() -> members("pick") == 3);
            sender.start();
            patiently().until(() -> read("penstock.replies.pick").size() > 100);
            signal("-STOP", freezes);
            dies.kill();
            patiently().until(() -> members("pick") == 1);
            signal("-CONT", freezes);
            patiently().until(() -> members("pick") == 2);
            enough.set(true);
            sender.join();
            patiently().until(() -> read("penstock.replies.pick").size() >= sent.size());
            assertThat(stays.log()).doesNotContain("a bug", "\tat ");
            assertThat(freezes.log()).doesNotContain("a bug", "\tat ");
        }
        assertThat(read("penstock.replies.pick"))
                .allSatisfy(
                        reply -> assertThat(header(reply, RecordHeaders.STATUS)).isEqualTo("succeeded"))
                .extracting(reply -> header(reply, RecordHeaders.CORRELATION_ID))
                .containsExactlyInAnyOrderElementsOf(sent);
    }

    private RoleProcess worker() throws IOException {
        return new RoleProcess(
                List.of(
                        "up",
                        "--role",
                        "worker",
                        "--management-port",
                        Integer.toString(RoleProcess.freePort()),
                        "--kafka",
                        stack.bootstrapServers(),
                        "--models",
                        folder.toString()),
                Map.of(
                        "PENSTOCK_TOPICS_REQUEST_PARTITIONS",
                        "6",
                        "JDK_JAVA_OPTIONS",
                        "-XX:-CreateCoredumpOnCrash -XX:ErrorFile=" + folder.resolve("crash-%p.log")));
    }

    private static void awaitWarm(RoleProcess worker, String model) {
        patiently().until(() -> worker.log().contains("Model " + model + " version 1 is loaded on "));
    }

    private static void signal(String signal, RoleProcess to) throws IOException, InterruptedException {
        new ProcessBuilder("kill", signal, Long.toString(to.handle().pid()))
                .start()
                .waitFor();
    }

    private static void createReplies(String topic) throws Exception {
        try (Admin admin = Admin.create(KAFKA)) {
            admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1))).all().get();
        }
    }

    private static void send(String model, String id, String input, long value) {
        PRODUCER.send(request(model, id, input, value));
    }

    /** As an ingress does when a call is late: the same worker has both copies at first, and one worker alone later. */
    private static void sendCopy(String model, String id, String input, long value) {
        ProducerRecord<String, String> copy = request(model, id, input, value);
        RecordHeaders.set(copy.headers(), RecordHeaders.COPY, "1");
        PRODUCER.send(copy);
    }

    private static ProducerRecord<String, String> request(String model, String id, String input, long value) {
        ProducerRecord<String, String> record = new ProducerRecord<>(
                "penstock." + model + ".requests",
                id,
                "{\"inputs\":[{\"name\":\"%s\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[%d]}]}"
                        .formatted(input, value));
        RecordHeaders.set(record.headers(), RecordHeaders.CORRELATION_ID, id);
        RecordHeaders.set(record.headers(), RecordHeaders.REPLY_TOPIC, "penstock.replies." + model);
        RecordHeaders.set(record.headers(), RecordHeaders.TIMEOUT_MS, "120000");
        return record;
    }

    private static long members(String model) throws Exception {
        try (Admin admin = Admin.create(KAFKA)) {
            return TopicContent.workers(admin, model);
        }
    }

    private static List<ConsumerRecord<String, String>> read(String topic) {
        return TopicContent.read(KAFKA, topic);
    }

    private static ConditionFactory patiently() {
        return await().atMost(Duration.ofMinutes(2)).pollInterval(Duration.ofMillis(500));
    }
}
