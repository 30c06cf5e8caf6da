package dev.penstock.service;

import dev.penstock.local.EmbeddedRedis;
import dev.penstock.local.LocalStack;
import dev.penstock.local.TelecomCustomers;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** The broker, Redis and model folder that all tests of the running service share. */
public final class ServiceStack implements QuarkusTestResourceLifecycleManager {
    static final String REQUEST_ID_KEY = "a key that only the tests know";
    static final String ORIGIN = "https://app.example.com";
    static final String REPLIES = "penstock.replies.tests";
    static final String FORBIDDEN_REPLIES = "somebody.elses.topic";

    private static final Path SAMPLES = Path.of("src/main/models");

    private static volatile String bootstrapServers = "";

    /** Empty before the start. */
    private static volatile Optional<EmbeddedRedis> redis = Optional.empty();

    private final LocalStack stack = LocalStack.start();

    static String bootstrapServers() {
        return bootstrapServers;
    }

    static EmbeddedRedis redis() {
        return redis.orElseThrow();
    }

    @Override
    public Map<String, String> start() {
        bootstrapServers = stack.bootstrapServers();
        redis = stack.redis();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            admin.createTopics(
                    List.of(new NewTopic(REPLIES, 3, (short) 1), new NewTopic(FORBIDDEN_REPLIES, 1, (short) 1)));
            Map<String, String> configuration =
                    new HashMap<>(TelecomCustomers.of(SAMPLES).orElseThrow().source());
            configuration.putAll(Map.ofEntries(
                    Map.entry("penstock.kafka.bootstrap-servers", bootstrapServers),
                    Map.entry("penstock.redis.url", stack.redisUrl()),
                    // A test machine may stall for longer than the default limits allow.
                    Map.entry("penstock.ingress.redis-timeout", "2s"),
                    Map.entry("penstock.ingress.sync-max-wait", "30s"),
                    Map.entry("penstock.worker.models", models().toString()),
                    Map.entry("penstock.max-request-bytes", "1048576"),
                    Map.entry("penstock.console.enabled", "true"),
                    Map.entry("penstock.ingress.cors-origins", ORIGIN),
                    Map.entry("quarkus.http.proxy.proxy-address-forwarding", "true"),
                    Map.entry("penstock.ingress.header-timeout", "1s"),
                    Map.entry("penstock.ingress.body-timeout", "1s"),
                    Map.entry("quarkus.http.idle-timeout", "5s"),
                    Map.entry("penstock.ingress.events-heartbeat", "1s"),
                    Map.entry("penstock.topics.request-partitions", "4"),
                    Map.entry("penstock.ingress.request-id-key", REQUEST_ID_KEY),
                    Map.entry("penstock.features.sources.customers.type", "sql"),
                    Map.entry("penstock.features.sources.customers.jdbc-url", TestModels.CUSTOMERS),
                    Map.entry(
                            "penstock.features.sources.customers.query",
                            "SELECT name, age, income FROM customers WHERE name IN (?)"),
                    Map.entry("penstock.features.sources.customers.timeout", "5s"),
                    Map.entry("penstock.features.sources.slow.type", "sql"),
                    Map.entry("penstock.features.sources.slow.jdbc-url", TestModels.SLOW_NUMBERS),
                    Map.entry("penstock.features.sources.slow.query", TestModels.SLOW_NUMBERS_QUERY),
                    Map.entry("penstock.features.sources.slow.timeout", "5s"),
                    Map.entry("penstock.features.sources.telecom.timeout", "5s")));
            return configuration;
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    @Override
    public void stop() {
        stack.close();
    }

    private static Path models() throws IOException {
        Path folder = Files.createTempDirectory("penstock-models");
        for (String sample : List.of("digits", "churn")) {
            Path from = SAMPLES.resolve(sample);
            try (Stream<Path> files = Files.walk(from)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    Files.copy(file, folder.resolve(sample).resolve(from.relativize(file)));
                }
            }
        }
        TestModels.writeTo(folder);
        return folder;
    }
}
