package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.local.LocalStack;
import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A rolling upgrade under load: each worker, then each ingress is replaced by a new one, which starts before the old one ends. The new
 * workers have another version of the model. Measure it by hand with {@code -Dpenstock.rate=500}.
 */
@Tag("long")
class RollingUpgradeIT {
    private static final String MODEL = "upgraded";
    private static final String BODY =
            Digits.request(DigitsTable.load().heldOut().getFirst());
    private static final int RATE = Integer.getInteger("penstock.rate", 100);

    /** Before the first part of the upgrade, and between its parts. */
    private static final Duration CALM = Duration.ofSeconds(10);

    /** Kubernetes goes on sending new connections to a pod for about so long after its end has begun. */
    private static final Duration ROUTE_DELAY = Duration.ofSeconds(1);

    private static final Duration START_LIMIT = Duration.ofMinutes(3);
    private static final LocalStack stack = LocalStack.start();

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<Part> routes = new CopyOnWriteArrayList<>();
    private final CopyOnWriteArrayList<String> versions = new CopyOnWriteArrayList<>(List.of("", "1"));
    private final AtomicInteger sent = new AtomicInteger();
    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
    private final Queue<String> accepted = new ConcurrentLinkedQueue<>();

    /** @param asked the version that the call asked for; empty if it asked for none */
    private record Answer(String asked, int status, String version, String problem, long nanos) {
        private boolean isRight() {
            return status == 202 || (status == 200 && (version.equals(asked) || asked.isEmpty()));
        }
    }

    private record Part(RoleProcess process, URI url, URI management) {
        private Service service() {
            return new Service(url);
        }

        private void awaitReady() {
            Service probes = new Service(management);
            await().atMost(START_LIMIT)
                    .ignoreExceptionsInstanceOf(UncheckedIOException.class) // the port may not be open yet
                    .until(() -> probes.get("/q/health/ready").status() == 200);
        }
    }

    @AfterAll
    static void stopStack() {
        stack.close();
    }

    @Test
    void noCallFailsOrIsRefusedOrGetsAnotherVersion(@TempDir Path folder) throws Exception {
        Path old = modelFolder(folder, 1);
        Path upgraded = modelFolder(folder, 2);
        List<Part> workers = new ArrayList<>(List.of(worker(old), worker(old)));
        List<Part> ingresses = new ArrayList<>(List.of(ingress(), ingress()));
        try (ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
            workers.forEach(Part::awaitReady);
            ingresses.forEach(RollingUpgradeIT::warmUp);
            routes.addAll(ingresses);
            clock.scheduleAtFixedRate(this::call, 0, 1_000_000_000L / RATE, TimeUnit.NANOSECONDS);
            calm();
            for (int index = 0; index < 2; index++) {
                Part next = worker(upgraded);
                workers.add(next);
                next.awaitReady();
                callNewVersion();
                workers.get(index).process.close();
                calm();
            }
            for (int index = 0; index < 2; index++) {
                Part next = ingress();
                ingresses.add(next);
                warmUp(next);
                routes.add(next);
                Part leaves = ingresses.get(index);
                Thread end = Thread.ofVirtual().start(leaves.process::close);
                await().pollDelay(ROUTE_DELAY).until(() -> true);
                routes.remove(leaves);
                end.join();
                calm();
            }
            clock.shutdownNow();
            await().atMost(START_LIMIT).until(() -> answers.size() == sent.get());
            report();
            answers.stream().filter(answer -> !answer.isRight()).limit(5).forEach(System.out::println);
            assertThat(answers).filteredOn(answer -> !answer.isRight()).isEmpty();
            assertThat(answers.stream()
                            .filter(answer -> answer.asked.isEmpty() && answer.status == 200)
                            .map(Answer::version)
                            .distinct())
                    .containsExactly("1", "2");
            Service service = routes.getFirst().service();
            assertThat(accepted)
                    .allSatisfy(location -> assertThat(service.get(location, "Prefer", "wait=30")
                                    .json()
                                    .path("status")
                                    .asText())
                            .isEqualTo("succeeded"));
        } finally {
            workers.forEach(each -> each.process.close());
            ingresses.forEach(each -> each.process.close());
        }
    }

    /** From now on, calls ask for version 2 too: each ingress knows of it. */
    private void callNewVersion() {
        for (Part ingress : routes) {
            await().atMost(START_LIMIT)
                    .until(() -> ingress.service()
                                    .get("/v2/models/" + MODEL + "/versions/2/ready")
                                    .status()
                            == 200);
        }
        versions.addIfAbsent("2");
    }

    /** Every tenth call is asynchronous. */
    private void call() {
        int number = sent.getAndIncrement();
        boolean isAsync = number % 10 == 0;
        String asked = versions.get(number / 10 % versions.size());
        String path = "/v2/models/" + MODEL + (asked.isEmpty() ? "" : "/versions/" + asked) + "/infer";
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        routes.get(number % routes.size()).url.resolve(path))
                .POST(HttpRequest.BodyPublishers.ofString(BODY));
        if (isAsync) {
            request.header("Prefer", "respond-async");
        }
        long begin = System.nanoTime();
        http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofByteArray())
                .whenComplete((response, failure) ->
                        answers.add(answer(asked, response, failure, System.nanoTime() - begin)));
    }

    private Answer answer(String asked, HttpResponse<byte[]> response, Throwable failure, long nanos) {
        if (failure != null) {
            return new Answer(asked, 0, "", failure.toString(), nanos);
        }
        int status = response.statusCode();
        if (status == 202) {
            accepted.add(response.headers().firstValue("Location").orElseThrow());
        }
        if (status != 200) {
            return new Answer(asked, status, "", new String(response.body(), UTF_8), nanos);
        }
        try {
            JsonNode json = Service.JSON.readTree(response.body());
            return new Answer(asked, status, json.path("model_version").asText(), "", nanos);
        } catch (IOException broken) {
            return new Answer(asked, status, "", broken.toString(), nanos);
        }
    }

    private void report() {
        long[] nanos = answers.stream().mapToLong(Answer::nanos).sorted().toArray();
        StringBuilder line = new StringBuilder("rate %d, %d calls, of which %d asynchronous, wrong %d; ms:"
                .formatted(
                        RATE,
                        nanos.length,
                        accepted.size(),
                        answers.stream().filter(answer -> !answer.isRight()).count()));
        for (double quantile : new double[] {0.5, 0.9, 0.99, 0.999, 1}) {
            int index = Math.max(0, (int) Math.ceil(quantile * nanos.length) - 1);
            line.append(" p%s %.0f".formatted(100 * quantile, nanos[index] / 1e6));
        }
        System.out.println(line);
    }

    private static void calm() {
        await().pollDelay(CALM).atMost(CALM.plusSeconds(60)).until(() -> true);
    }

    /** A fresh ingress is slow. Its first calls come from here, as a readiness gate would send them. */
    private static void warmUp(Part ingress) {
        ingress.awaitReady();
        Service service = ingress.service().awaitModel(MODEL);
        for (int call = 0; call < 300; call++) {
            service.post("/v2/models/" + MODEL + "/infer", BODY);
        }
    }

    /** A folder with the digits model in versions 1 to {@code versions}. */
    private static Path modelFolder(Path folder, int versions) throws IOException {
        Path models = folder.resolve("models-" + versions);
        for (int version = 1; version <= versions; version++) {
            Path target = Files.createDirectories(models.resolve(MODEL).resolve(Integer.toString(version)));
            Files.copy(Path.of("src/main/models/digits/1/model.onnx"), target.resolve("model.onnx"));
        }
        return models;
    }

    private static Part worker(Path models) throws IOException {
        int management = RoleProcess.freePort();
        List<String> arguments = arguments("worker", management, "--models", models.toString());
        return new Part(new RoleProcess(arguments), localhost(0), localhost(management));
    }

    private static Part ingress() throws IOException {
        int port = RoleProcess.freePort();
        int management = RoleProcess.freePort();
        List<String> arguments =
                arguments("ingress", management, "--port", Integer.toString(port), "--redis", stack.redisUrl());
        return new Part(
                new RoleProcess(arguments, Map.of("QUARKUS_SHUTDOWN_DELAY", "4s")),
                localhost(port),
                localhost(management));
    }

    private static List<String> arguments(String role, int management, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "up",
                "--role",
                role,
                "--management-port",
                Integer.toString(management),
                "--kafka",
                stack.bootstrapServers()));
        arguments.addAll(List.of(more));
        return arguments;
    }

    private static URI localhost(int port) {
        return URI.create("http://127.0.0.1:" + port);
    }
}
