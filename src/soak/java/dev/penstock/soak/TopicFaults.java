package dev.penstock.soak;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.local.BrokerCluster;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.service.RoleProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** What other systems and operators do to the topics: offsets, partitions, transactions, and records that are no good requests. */
final class TopicFaults {
    private static final Duration GROUP_EMPTY = Duration.ofSeconds(20);
    private static final Duration VISIBLE = Duration.ofSeconds(20);

    /** The reset goes back by so many records of a partition at most, since all of them are read again. */
    private static final long MAX_RESET_RECORDS = 5000;

    /** What a record takes in a topic beside its value, at most. */
    private static final int RECORD_OVERHEAD = 1024;

    private TopicFaults() {}

    static Struck offsetsReset(Scene scene) throws InterruptedException {
        Deployment deployment = scene.deployment();
        for (Instance worker : deployment.workers()) {
            int status = worker.stop();
            NotStruckException.unless(status == RoleProcess.TERMINATED, worker.name() + " ended with " + status);
        }
        Waiting.prove(
                GROUP_EMPTY, "the group is empty", () -> deployment.members().isEmpty());
        Map<TopicPartition, OffsetAndMetadata> before = committed(deployment);
        Map<TopicPartition, Long> earliest = earliest(deployment, before.keySet());
        Map<TopicPartition, OffsetAndMetadata> back = new HashMap<>();
        before.forEach((partition, offset) -> back.put(
                partition,
                new OffsetAndMetadata(
                        Math.max(earliest.getOrDefault(partition, 0L), offset.offset() - MAX_RESET_RECORDS))));
        deployment
                .brokers()
                .ask(admin ->
                        admin.alterConsumerGroupOffsets(group(), back).all().get());
        long records = sum(before) - sum(committed(deployment));
        NotStruckException.unless(records > 0, "the offsets go back by %d records".formatted(records));
        return Struck.of("the offsets of %d partitions went back by %d records".formatted(back.size(), records), () -> {
            for (Instance worker : deployment.workers()) {
                worker.start();
            }
        });
    }

    static Struck partitionsAdded(Scene scene) throws InterruptedException {
        int before = scene.probes().partitions();
        scene.deployment()
                .brokers()
                .ask(admin -> admin.createPartitions(Map.of(Probes.requests(), NewPartitions.increaseTo(before + 1)))
                        .all()
                        .get());
        Waiting.prove(
                VISIBLE, "partition %d".formatted(before), () -> scene.probes().partitions() > before);
        return Struck.of("from %d partitions to %d".formatted(before, before + 1), () -> {});
    }

    static Struck transaction(Scene scene) {
        BrokerCluster brokers = scene.deployment().brokers();
        String id = "soak-%08x".formatted(scene.random().nextInt());
        List<String> committed = new ArrayList<>();
        List<String> aborted = new ArrayList<>();
        try (Producer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        brokers.bootstrapServers(),
                        ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                        id),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, id + "-committed-", scene.probes().partitions(), committed);
            producer.commitTransaction();
            prove(brokers, id, TransactionState.COMPLETE_COMMIT);
            producer.beginTransaction();
            send(producer, id + "-aborted-", scene.probes().partitions(), aborted);
            producer.flush();
            producer.abortTransaction();
            prove(brokers, id, TransactionState.COMPLETE_ABORT);
        }
        return Struck.passing(
                "transaction %s: %d records CompleteCommit, %d CompleteAbort"
                        .formatted(id, committed.size(), aborted.size()),
                () -> {
                    if (aborted.stream()
                            .anyMatch(each -> scene.probes().status(each).isPresent())) {
                        throw new IllegalStateException("a request was answered whose transaction was aborted");
                    }
                    return committed.stream()
                            .allMatch(each -> scene.probes().status(each).isPresent());
                });
    }

    static Struck undecodable(Scene scene) throws IOException, InterruptedException {
        return poison(
                scene, partition -> new ProducerRecord<>(Probes.requests(), partition, null, "{".getBytes(UTF_8)));
    }

    /** Random bytes, since they do not shrink. */
    static Struck large(Scene scene) throws IOException, InterruptedException {
        byte[] bytes = new byte[maxMessageBytes(scene.deployment()) - RECORD_OVERHEAD];
        new Random(scene.random().nextLong()).nextBytes(bytes);
        return poison(scene, partition -> new ProducerRecord<>(Probes.requests(), partition, null, bytes));
    }

    static Struck unanswerable(Scene scene) throws IOException, InterruptedException {
        return poison(scene, partition -> {
            ProducerRecord<byte[], byte[]> record = Probes.request(partition, "unanswerable");
            RecordHeaders.set(record.headers(), RecordHeaders.REPLY_TOPIC, Topics.REPLIES + ".missing");
            return record;
        });
    }

    static Struck expired(Scene scene) throws IOException, InterruptedException {
        String id = "expired-%08x".formatted(scene.random().nextInt());
        Struck struck = poison(scene, partition -> {
            ProducerRecord<byte[], byte[]> record = Probes.request(partition, id);
            RecordHeaders.set(record.headers(), RecordHeaders.DEADLINE_MS, "1");
            return record;
        });
        return Struck.passing(
                struck.proof(),
                () -> scene.probes().status(id).filter("expired"::equals).isPresent()
                        && struck.settled().holds());
    }

    private interface Poison {
        ProducerRecord<byte[], byte[]> of(int partition);
    }

    /** Settled when the workers' group has gone past it. */
    private static Struck poison(Scene scene, Poison poison) throws IOException, InterruptedException {
        int partition = scene.random().nextInt(scene.probes().partitions());
        long offset = scene.probes().publish(poison.of(partition));
        TopicPartition place = new TopicPartition(Probes.requests(), partition);
        return Struck.passing("acknowledged as %s@%d".formatted(place, offset), () -> {
            OffsetAndMetadata committed = committed(scene.deployment()).get(place);
            return committed != null && committed.offset() > offset;
        });
    }

    private static void send(Producer<byte[], byte[]> producer, String prefix, int partitions, List<String> ids) {
        IntStream.range(0, partitions).forEach(partition -> {
            ids.add(prefix + partition);
            producer.send(Probes.request(partition, prefix + partition));
        });
    }

    private static void prove(BrokerCluster brokers, String id, TransactionState state) {
        TransactionState seen = brokers.ask(admin ->
                        admin.describeTransactions(Set.of(id)).description(id).get())
                .state();
        // The markers are written after the producer has heard of the end.
        NotStruckException.unless(
                seen == state || seen.toString().startsWith("Prepare"), "transaction %s is %s".formatted(id, seen));
    }

    /** Of the interactive request topic. */
    private static int maxMessageBytes(Deployment deployment) {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, Probes.requests());
        Map<ConfigResource, Config> configs = deployment
                .brokers()
                .ask(admin -> admin.describeConfigs(List.of(topic)).all().get());
        Config config = Objects.requireNonNull(configs.get(topic));
        return Integer.parseInt(config.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).value());
    }

    private static Map<TopicPartition, OffsetAndMetadata> committed(Deployment deployment) {
        return deployment
                .brokers()
                .ask(admin -> admin.listConsumerGroupOffsets(group())
                        .partitionsToOffsetAndMetadata()
                        .get())
                .entrySet()
                .stream()
                .filter(each -> each.getValue() != null && each.getKey().topic().equals(Probes.requests()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static Map<TopicPartition, Long> earliest(Deployment deployment, Set<TopicPartition> partitions) {
        return deployment
                .brokers()
                .ask(admin -> admin.listOffsets(partitions.stream()
                                .collect(Collectors.toMap(each -> each, each -> OffsetSpec.earliest())))
                        .all()
                        .get())
                .entrySet()
                .stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, each -> each.getValue().offset()));
    }

    private static long sum(Map<TopicPartition, OffsetAndMetadata> offsets) {
        return offsets.values().stream().mapToLong(OffsetAndMetadata::offset).sum();
    }

    private static String group() {
        return Topics.workerGroup(Deployment.MODEL);
    }
}
