package dev.penstock.zoo;

import dev.penstock.bench.LocalService;
import dev.penstock.zoo.V2Client.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The service in a process of its own, with its own broker and Redis. */
final class ZooService implements Server {

    /** What the worker logs of a model that it refuses, with or without the version. */
    private static final Pattern REFUSAL = Pattern.compile("Model (zoo-\\d+)(?: version \\d+)? is not served: (.*)");

    private final LocalService process;
    private final V2Client client;

    private ZooService(LocalService process, Duration limit) {
        this.process = process;
        this.client = new V2Client(process.target().http(), limit);
    }

    /** @param limit for an answer */
    static Server start(Path models, Duration limit) throws IOException, InterruptedException, EndedException {
        try {
            return new ZooService(
                    LocalService.start(new LocalService.Setup(
                            models,
                            List.of("/v2/health/live"),
                            // As few partitions as can be: hundreds of models are served once each.
                            Map.of("penstock.topics.request-partitions", "1", "penstock.topics.reply-partitions", "1"),
                            Optional.empty(),
                            "zoo")),
                    limit);
        } catch (LocalService.EndedException ended) {
            throw new EndedException(ended);
        }
    }

    @Override
    public boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public boolean isReady(String model) throws InterruptedException {
        return client.isReady(model);
    }

    @Override
    public Map<String, String> refusals() throws IOException {
        Map<String, String> reasons = new HashMap<>();
        Matcher line = REFUSAL.matcher(Files.readString(process.log()));
        while (line.find()) {
            reasons.put(line.group(1), line.group(2));
        }
        return reasons;
    }

    @Override
    public CompletableFuture<Answer> send(String model, V2Body body) {
        return client.send(model, body);
    }

    @Override
    public void close() {
        client.close();
        process.close();
    }
}
