package dev.penstock.worker.join;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.features.FeatureCaches;
import dev.penstock.features.FeaturesConfig;
import dev.penstock.features.cache.FeatureCache;
import dev.penstock.features.cache.Lookup;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.local.EmbeddedKafka;
import dev.penstock.local.RedisUnderTest;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Datatype;
import dev.penstock.threads.Faults;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The way of an update: from the topic into Redis and what a worker holds, and from there to another worker. */
class FeatureUpdatesTest {
    private static final FeatureView VIEW = new FeatureView("customers", 1, List.of("age"), List.of(), true);
    private static final String NOBODY =
            "jdbc:h2:mem:nobody;DB_CLOSE_DELAY=-1;INIT=CREATE TABLE IF NOT EXISTS customers (name VARCHAR, age INT)";
    private static final EntityKey ANNA = new EntityKey.Name("anna");
    private static final EntityKey DORA = new EntityKey.Name("dora");
    private static final EntityKey ZOE = new EntityKey.Name("zoe");

    private final EmbeddedKafka broker = EmbeddedKafka.start();
    private final RedisUnderTest redis = new RedisUnderTest();
    private final Map<String, Object> kafka = Map.of("bootstrap.servers", broker.bootstrapServers());
    private final KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer());

    /** Of two workers; the second follows nothing, and so finds out only by Redis. */
    private final FeatureCaches first = features();

    private final FeatureCaches second = features();

    @BeforeEach
    void createTopic() throws Exception {
        TopicLayout layout = new TopicLayout(true, 1, 1, Optional.empty(), 1 << 20, Duration.ofHours(1));
        try (Admin admin = Admin.create(kafka)) {
            layout.create(admin, layout.ofView(VIEW.name()));
        }
    }

    @AfterEach
    void close() {
        producer.close();
        first.close();
        second.close();
        redis.close();
        broker.close();
    }

    @Test
    void whatIsPublishedIsServedWithinASecondByThoseWhoHoldItAndByThoseWhoDoNot() throws Exception {
        FeatureCache cache = first.open(VIEW, "customers");
        try (FeatureUpdates updates = new FeatureUpdates(
                new KafkaClients(kafka), cache, Datatype.BYTES, new SimpleMeterRegistry(), new Faults("worker"))) {
            updates.awaitFollowing();
            publish(ANNA, 40);
            await().until(() -> isShared(ANNA)); // the group has found together
            assertThat(age(cache, ANNA)).isEqualTo(40);

            publish(ANNA, 41);
            publish(DORA, 33);

            await().atMost(Duration.ofSeconds(1)).until(() -> age(cache, ANNA) == 41 && isShared(DORA));
            assertThat(age(second.open(VIEW, "customers"), DORA)).isEqualTo(33);
        }
    }

    @Test
    void whatIsTakenBackIsServedByNobody() throws Exception {
        FeatureCache cache = first.open(VIEW, "customers");
        try (FeatureUpdates updates = new FeatureUpdates(
                        new KafkaClients(kafka),
                        cache,
                        Datatype.BYTES,
                        new SimpleMeterRegistry(),
                        new Faults("worker"));
                KafkaProducer<byte[], byte[]> transactional = transactional()) {
            updates.awaitFollowing();
            publish(ANNA, 40);
            await().until(() -> isShared(ANNA) && age(cache, ANNA) == 40);

            transactional.initTransactions();
            transactional.beginTransaction();
            transactional.send(update(ANNA, 99));
            transactional.send(update(DORA, 99));
            transactional.flush();
            transactional.abortTransaction();
            publish(ZOE, 33);

            await().until(() -> isShared(ZOE));
            assertThat(age(cache, ANNA)).isEqualTo(40);
            assertThat(isShared(DORA)).isFalse();
        }
    }

    private void publish(EntityKey entity, int age) {
        producer.send(update(entity, age));
        producer.flush();
    }

    private static ProducerRecord<byte[], byte[]> update(EntityKey entity, int age) {
        return new ProducerRecord<>(
                Topics.features(VIEW.name()),
                entity.text().getBytes(UTF_8),
                "{\"values\":{\"age\":%d}}".formatted(age).getBytes(UTF_8));
    }

    private KafkaProducer<byte[], byte[]> transactional() {
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.put("transactional.id", "features");
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private boolean isShared(EntityKey entity) {
        return redis.send(Request.cmd(Command.EXISTS)
                        .arg("penstock:feature:customers:" + VIEW.layout() + ":" + entity.text()))
                .toBoolean();
    }

    /** The source knows nobody: what is found was published. */
    private static float age(FeatureCache cache, EntityKey entity) {
        Lookup found = cache.lookup(List.of(entity))
                .orTimeout(10, TimeUnit.SECONDS)
                .join()
                .get(entity);
        return found instanceof Lookup.Fresh fresh ? fresh.vector().value(0) : -1;
    }

    private FeatureCaches features() {
        Map<String, String> settings = Map.of(
                "penstock.features.sources.customers.type", "sql",
                "penstock.features.sources.customers.jdbc-url", NOBODY,
                "penstock.features.sources.customers.query", "SELECT name, age FROM customers WHERE name IN (?)",
                "penstock.features.sources.customers.timeout", "5s");
        FeaturesConfig config = new SmallRyeConfigBuilder()
                .withMapping(FeaturesConfig.class)
                .withConverter(Duration.class, 200, new DurationConverter())
                .withSources(new PropertiesConfigSource(settings, "test", 300))
                .build()
                .getConfigMapping(FeaturesConfig.class);
        return new FeatureCaches(config, redis.client(), new SimpleMeterRegistry());
    }
}
