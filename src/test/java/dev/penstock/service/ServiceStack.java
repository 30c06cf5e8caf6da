package dev.penstock.service;

import dev.penstock.local.LocalStack;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** Broker, Redis and a folder of models for all tests of the running service. */
public final class ServiceStack implements QuarkusTestResourceLifecycleManager {
    static final String REQUEST_ID_KEY = "a key that only the tests know";
    static final String REPLIES = "penstock.replies.tests";
    static final String FORBIDDEN_REPLIES = "somebody.elses.topic";

    private static volatile String bootstrapServers = "";

    private final LocalStack stack = LocalStack.start();

    static String bootstrapServers() {
        return bootstrapServers;
    }

    @Override
    public Map<String, String> start() {
        bootstrapServers = stack.bootstrapServers();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            admin.createTopics(
                    List.of(new NewTopic(REPLIES, 3, (short) 1), new NewTopic(FORBIDDEN_REPLIES, 1, (short) 1)));
            return Map.of(
                    "penstock.kafka.bootstrap-servers",
                    bootstrapServers,
                    "penstock.redis.url",
                    stack.redisUrl(),
                    "penstock.worker.models",
                    models().toString(),
                    "penstock.max-request-bytes",
                    "1048576",
                    "penstock.topics.request-partitions",
                    "4",
                    "penstock.ingress.request-id-key",
                    REQUEST_ID_KEY);
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
        Path digits = Path.of("src/main/models/digits");
        try (Stream<Path> files = Files.walk(digits)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, folder.resolve("digits").resolve(digits.relativize(file)));
            }
        }
        TestModels.writeTo(folder);
        return folder;
    }
}
