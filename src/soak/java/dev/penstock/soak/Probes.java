package dev.penstock.soak;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Calls that show progress: a synchronous and an asynchronous one at each ingress, and a record to each partition of the request topic.
 * Apart from the ledger's load, so that the time to the first success can be measured.
 */
final class Probes implements AutoCloseable {
    /** The topic for replies to records that the soak sends beside the ledger. */
    static final String REPLIES = Topics.REPLIES + ".soak";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration ATTEMPT = Duration.ofSeconds(5);
    private static final Duration STOP = Duration.ofSeconds(5);
    private static final int MAX_BLOCK_MILLIS = 2000;

    private final Deployment deployment;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(1))
            .build();
    private final Producer<byte[], byte[]> producer;
    private final Thread reader;
    private final Map<String, String> statuses = new ConcurrentHashMap<>();
    private final AtomicLong sent = new AtomicLong();
    private volatile boolean isStopping;

    /** Makes its reply topic and starts reading it. */
    Probes(Deployment deployment) {
        this.deployment = deployment;
        deployment
                .brokers()
                .ask(admin -> admin.createTopics(List.of(new NewTopic(REPLIES, Optional.of(1), Optional.empty())))
                        .all()
                        .get());
        this.producer = new KafkaProducer<>(
                settings(Map.of(
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        MAX_BLOCK_MILLIS,
                        ProducerConfig.METADATA_MAX_AGE_CONFIG,
                        1000,
                        ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                        12 << 20,
                        ProducerConfig.BUFFER_MEMORY_CONFIG,
                        64L << 20)),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        Consumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                settings(Map.of(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest")),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        consumer.assign(List.of(new TopicPartition(REPLIES, 0)));
        this.reader = Thread.ofPlatform().name("probe-replies").daemon().start(() -> read(consumer));
    }

    /** How long after the call each door first served, in milliseconds. */
    record Recovery(long syncMillis, long asyncMillis, long kafkaMillis) {
        long millis() {
            return Math.max(syncMillis, Math.max(asyncMillis, kafkaMillis));
        }
    }

    /** Calls until all doors have served at all ingresses and partitions; empty if that takes longer than the bound. */
    Optional<Recovery> await(Duration bound) throws InterruptedException {
        long start = System.nanoTime();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Optional<Long>> sync = threads.submit(() -> millis(start, bound, this::syncServes));
            Future<Optional<Long>> async = threads.submit(() -> millis(start, bound, this::asyncServes));
            Future<Optional<Long>> kafka = threads.submit(() -> millis(start, bound, this::kafkaServes));
            if (sync.get().isEmpty() || async.get().isEmpty() || kafka.get().isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(new Recovery(
                    sync.get().get(), async.get().get(), kafka.get().get()));
        } catch (ExecutionException bug) {
            throw new IllegalStateException(bug.getCause());
        }
    }

    /** A v2 request for the model, with this id. */
    static String body(String id) {
        return "{\"id\":\"%s\",\"inputs\":[{\"name\":\"pixels\",\"shape\":[1,64],\"datatype\":\"FP32\",\"data\":[%s]}]}"
                .formatted(id, "0,".repeat(63) + "0");
    }

    /** A request for the soak's own reply topic. */
    static ProducerRecord<byte[], byte[]> request(int partition, String id) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(requests(), partition, id.getBytes(UTF_8), body(id).getBytes(UTF_8));
        RecordHeaders.set(record.headers(), RecordHeaders.CORRELATION_ID, id);
        RecordHeaders.set(record.headers(), RecordHeaders.REPLY_TOPIC, REPLIES);
        return record;
    }

    static String requests() {
        return Topics.requests(Deployment.MODEL, Lane.INTERACTIVE);
    }

    /** The status of the first reply with this correlation id; empty until there is one. */
    Optional<String> status(String id) {
        return Optional.ofNullable(statuses.get(id));
    }

    /** Sends a record, and returns its offset once the broker has acknowledged it. */
    long publish(ProducerRecord<byte[], byte[]> record) throws IOException, InterruptedException {
        try {
            return producer.send(record).get().offset();
        } catch (ExecutionException | KafkaException notTaken) {
            throw new IOException(notTaken);
        }
    }

    /** What the first ingress says of all models, with their states and reasons, as JSON. */
    String repositoryIndex() throws IOException, InterruptedException {
        return http.send(
                        call(deployment.urls().getFirst().resolve("/v2/repository/index"))
                                .POST(BodyPublishers.ofString("{}"))
                                .build(),
                        BodyHandlers.ofString())
                .body();
    }

    int partitions() {
        return deployment
                .brokers()
                .ask(admin -> admin.describeTopics(List.of(requests()))
                        .allTopicNames()
                        .get()
                        .values()
                        .iterator()
                        .next()
                        .partitions()
                        .size());
    }

    @Override
    public void close() {
        isStopping = true;
        producer.close(Duration.ZERO);
        http.shutdownNow();
        try {
            reader.join(STOP);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static Optional<Long> millis(long startNanos, Duration bound, Door door) throws InterruptedException {
        boolean serves = Waiting.until(bound, () -> door.serves(startNanos + bound.toNanos()));
        return serves ? Optional.of((System.nanoTime() - startNanos) / 1_000_000) : Optional.empty();
    }

    private interface Door {
        /** @param until nanoseconds at which to give up */
        boolean serves(long until) throws IOException, InterruptedException;
    }

    private boolean syncServes(long until) throws IOException, InterruptedException {
        for (URI url : deployment.urls()) {
            if (infer(url, false).statusCode() != 200) {
                return false;
            }
        }
        return true;
    }

    /** Polls at the other ingress. */
    private boolean asyncServes(long until) throws IOException, InterruptedException {
        List<URI> urls = deployment.urls();
        for (int i = 0; i < urls.size(); i++) {
            HttpResponse<String> accepted = infer(urls.get(i), true);
            if (accepted.statusCode() != 202) {
                return false;
            }
            URI location = urls.get((i + 1) % urls.size())
                    .resolve(accepted.headers().firstValue("Location").orElseThrow());
            HttpResponse<String> polled =
                    http.send(call(location).header("Prefer", "wait=5").build(), BodyHandlers.ofString());
            if (polled.statusCode() != 200 || !status(polled).equals("succeeded")) {
                return false;
            }
        }
        return true;
    }

    /** Sends one record to each partition, and again to those that have not answered after a while. */
    private boolean kafkaServes(long until) throws InterruptedException {
        long round = sent.incrementAndGet();
        int partitions;
        try {
            partitions = partitions();
        } catch (KafkaException unanswered) {
            return false;
        }
        Map<Integer, List<String>> asked = new HashMap<>();
        for (int attempt = 0; System.nanoTime() - until < 0; attempt++) {
            for (int partition = 0; partition < partitions; partition++) {
                List<String> ids = asked.computeIfAbsent(partition, first -> new ArrayList<>());
                if (ids.stream().noneMatch(this::succeeded)) {
                    String id = "probe-%d-%d-%d".formatted(round, partition, attempt);
                    ids.add(id);
                    send(request(partition, id));
                }
            }
            if (Waiting.until(
                    ATTEMPT,
                    () -> asked.values().stream().allMatch(ids -> ids.stream().anyMatch(this::succeeded)))) {
                return true;
            }
        }
        return false;
    }

    /** Whether the broker takes it shows in the reply. */
    private void send(ProducerRecord<byte[], byte[]> record) {
        try {
            producer.send(record);
        } catch (KafkaException notTaken) {
            // Sent again with the next attempt.
        }
    }

    private boolean succeeded(String id) {
        return status(id).filter("succeeded"::equals).isPresent();
    }

    private HttpResponse<String> infer(URI url, boolean async) throws IOException, InterruptedException {
        HttpRequest.Builder call = call(url.resolve("/v2/models/" + Deployment.MODEL + "/infer"))
                .header("Penstock-Timeout-Ms", Long.toString(ATTEMPT.toMillis()))
                .POST(BodyPublishers.ofString(body("probe")));
        if (async) {
            call.header("Prefer", "respond-async");
        }
        return http.send(call.build(), BodyHandlers.ofString());
    }

    private static HttpRequest.Builder call(URI url) {
        return HttpRequest.newBuilder(url).timeout(ATTEMPT.multipliedBy(2)).header("X-API-Key", Deployment.API_KEY);
    }

    private static String status(HttpResponse<String> polled) throws IOException {
        JsonNode document = JSON.readTree(polled.body());
        return document.path("status").asText();
    }

    private void read(Consumer<byte[], byte[]> consumer) {
        try (consumer) {
            while (!isStopping) {
                for (ConsumerRecord<byte[], byte[]> reply : consumer.poll(POLL)) {
                    statuses.putIfAbsent(
                            RecordHeaders.text(reply.headers(), RecordHeaders.CORRELATION_ID)
                                    .orElse(""),
                            RecordHeaders.text(reply.headers(), RecordHeaders.STATUS)
                                    .orElse(""));
                }
            }
        }
    }

    private Map<String, Object> settings(Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(more);
        all.put("bootstrap.servers", deployment.brokers().bootstrapServers());
        return all;
    }
}
