package dev.penstock.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.TopicExistsException;

/** An embedded broker, an embedded Redis, or both. */
public final class LocalStack implements AutoCloseable {

    /** A reply topic for trying the service from a shell; see docs/kafka.md. */
    public static final String DEMO_REPLIES = "penstock.replies.demo";

    private final Optional<EmbeddedKafka> kafka;
    private final Optional<EmbeddedRedis> redis;

    private LocalStack(Optional<EmbeddedKafka> kafka, Optional<EmbeddedRedis> redis) {
        this.kafka = kafka;
        this.redis = redis;
    }

    /**
     * @param kafkaPort 0 for any free port; empty for no broker
     * @param redisPort 0 for any free port; empty for no Redis
     * @param dataDir keeps the broker's log and Redis's data across restarts; when empty, nothing is kept
     */
    public record Parts(OptionalInt kafkaPort, OptionalInt redisPort, Optional<Path> dataDir) {
        /** What is started, in words; empty where nothing is. */
        String names() {
            List<String> names = new ArrayList<>();
            kafkaPort.ifPresent(port -> names.add("Kafka"));
            redisPort.ifPresent(port -> names.add("Redis"));
            return String.join(" and ", names);
        }
    }

    /** Starts both on free ports; keeps nothing. */
    public static LocalStack start() {
        return start(new Parts(OptionalInt.of(Ports.ANY), OptionalInt.of(Ports.ANY), Optional.empty()));
    }

    public static LocalStack start(Parts parts) {
        Optional<EmbeddedKafka> kafka = parts.kafkaPort().isEmpty()
                ? Optional.empty()
                : Optional.of(EmbeddedKafka.start(
                        parts.kafkaPort().getAsInt(),
                        parts.dataDir().map(folder -> folder.resolve("kafka")),
                        EmbeddedKafka.DEFAULT_MAX_MESSAGE_BYTES));
        try {
            kafka.ifPresent(broker -> createDemoReplies(broker.bootstrapServers()));
            Optional<EmbeddedRedis> redis = parts.redisPort().isEmpty()
                    ? Optional.empty()
                    : Optional.of(EmbeddedRedis.start(
                            parts.redisPort().getAsInt(), parts.dataDir().map(folder -> folder.resolve("redis"))));
            return new LocalStack(kafka, redis);
        } catch (RuntimeException e) {
            kafka.ifPresent(EmbeddedKafka::close);
            throw e;
        }
    }

    public String bootstrapServers() {
        return kafka.orElseThrow().bootstrapServers();
    }

    public String redisUrl() {
        return redis.orElseThrow().url();
    }

    /** Empty when the stack was started without Redis. */
    public Optional<EmbeddedRedis> redis() {
        return redis;
    }

    @Override
    public void close() {
        redis.ifPresent(EmbeddedRedis::close);
        kafka.ifPresent(EmbeddedKafka::close);
    }

    private static void createDemoReplies(String bootstrapServers) {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            admin.createTopics(List.of(new NewTopic(DEMO_REPLIES, 1, (short) 1)))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            // The topic exists when the data directory was used before.
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw new CannotStartException("cannot create topic %s: %s".formatted(DEMO_REPLIES, e.getCause()), e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CannotStartException("interrupted while creating topic " + DEMO_REPLIES, e);
        }
    }
}
