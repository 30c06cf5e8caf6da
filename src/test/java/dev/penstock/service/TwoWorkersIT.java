package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.local.LocalStack;
import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two workers that differ: one dies hard, or one is newer. Measure the first by hand with {@code -Dpenstock.kills=6}, and without hedging
 * with {@code -Dpenstock.hedge-share=0} beside it.
 */
@Tag("long")
class TwoWorkersIT {
    private static final String BODY =
            Digits.request(DigitsTable.load().heldOut().getFirst());
    private static final int KILLS = Integer.getInteger("penstock.kills", 2);
    private static final String HEDGE_SHARE = System.getProperty("penstock.hedge-share", "0.05");
    private static final Duration BETWEEN_KILLS = Duration.ofSeconds(10);
    private static final int CALLERS = 8;
    private static final long PAUSE_NANOS = 20_000_000;

    /** Many JVMs start at once, on a machine that may be busy. */
    private static final Duration START_LIMIT = Duration.ofMinutes(3);

    private static final LocalStack stack = LocalStack.start();

    @TempDir
    private static Path models;

    private static RoleProcess ingress;
    private static Service service;
    private static Service management;

    private record Timed(long nanos, int status, String body) {}

    @BeforeAll
    static void startAnIngress() throws IOException {
        int port = RoleProcess.freePort();
        int managementPort = RoleProcess.freePort();
        service = new Service(URI.create("http://127.0.0.1:" + port));
        management = new Service(URI.create("http://127.0.0.1:" + managementPort));
        ingress = new RoleProcess(
                List.of(
                        "up",
                        "--role",
                        "ingress",
                        "--port",
                        Integer.toString(port),
                        "--management-port",
                        Integer.toString(managementPort),
                        "--kafka",
                        stack.bootstrapServers(),
                        "--redis",
                        stack.redisUrl()),
                Map.of("PENSTOCK_INGRESS_HEDGE_SHARE", HEDGE_SHARE));
    }

    @AfterAll
    static void stopAll() {
        ingress.close();
        stack.close();
    }

    @Test
    void answersEveryCallWhileWorkersAreKilled() throws Exception {
        Path folder = modelFolder("digits", 1);
        List<RoleProcess> workers = new ArrayList<>(List.of(worker(folder), worker(folder)));
        AtomicBoolean enough = new AtomicBoolean();
        Queue<Timed> answers = new ConcurrentLinkedQueue<>();
        try (ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
            service.awaitModel("digits");
            Set<String> readers = awaitTwoReaders("digits", Set.of());
            call("digits", Duration.ofSeconds(5), callers, new AtomicBoolean(), new ConcurrentLinkedQueue<>());
            List<Future<?>> calls = start("digits", callers, enough, answers);
            for (int kill = 0; kill < KILLS; kill++) {
                await().pollDelay(BETWEEN_KILLS)
                        .atMost(BETWEEN_KILLS.plusSeconds(60))
                        .until(() -> true);
                readers = killAndReplace(workers, kill % 2, folder, readers);
            }
            enough.set(true);
            for (Future<?> call : calls) {
                call.get();
            }
        } finally {
            enough.set(true);
            workers.forEach(RoleProcess::close);
        }
        report(answers);
        assertThat(answers).filteredOn(answer -> answer.status != 200).isEmpty();
        if (Double.parseDouble(HEDGE_SHARE) > 0) {
            assertThat(hedged()).isPositive();
        }
    }

    @Test
    void callsAVersionWhereItIsAndOtherwiseTheOneThatAllHave() throws Exception {
        try (RoleProcess old = worker(modelFolder("upgraded", 1));
                RoleProcess upgraded = worker(modelFolder("upgraded", 2))) {
            service.awaitModel("upgraded");
            awaitTwoReaders("upgraded", Set.of());
            String second = "/v2/models/upgraded/versions/2/infer";
            await().atMost(START_LIMIT).until(() -> right(second, "2", 50) == 50);

            assertThat(right(second, "2", 300)).isEqualTo(300);
            assertThat(right("/v2/models/upgraded/versions/1/infer", "1", 100)).isEqualTo(100);
            assertThat(right("/v2/models/upgraded/infer", "1", 300)).isEqualTo(300);
        }
    }

    /** Of so many calls, those that this version answered. */
    private static long right(String path, String version, int calls) {
        long right = 0;
        for (int call = 0; call < calls; call++) {
            Service.Answer answer = service.post(path, BODY);
            right += answer.status() == 200
                            && answer.json().path("model_version").asText().equals(version)
                    ? 1
                    : 0;
        }
        return right;
    }

    /** Returns the readers, once the killed one has left the group and its successor is in. */
    private static Set<String> killAndReplace(List<RoleProcess> workers, int index, Path folder, Set<String> before)
            throws Exception {
        workers.get(index).kill();
        workers.set(index, worker(folder));
        return awaitTwoReaders("digits", before);
    }

    private static void call(
            String model, Duration atLeast, ExecutorService callers, AtomicBoolean enough, Queue<Timed> answers)
            throws Exception {
        List<Future<?>> calls = start(model, callers, enough, answers);
        await().pollDelay(atLeast).atMost(atLeast.plusSeconds(30)).until(() -> answers.size() > 200);
        enough.set(true);
        for (Future<?> call : calls) {
            call.get();
        }
    }

    private static List<Future<?>> start(
            String model, ExecutorService callers, AtomicBoolean enough, Queue<Timed> answers) {
        List<Future<?>> calls = new ArrayList<>();
        for (int caller = 0; caller < CALLERS; caller++) {
            calls.add(callers.submit(() -> {
                while (!enough.get()) {
                    long sent = System.nanoTime();
                    Service.Answer answer = service.post("/v2/models/" + model + "/infer", BODY);
                    String body = answer.status() == 200 ? "" : new String(answer.body(), UTF_8);
                    answers.add(new Timed(System.nanoTime() - sent, answer.status(), body));
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }));
        }
        return calls;
    }

    private static void report(Queue<Timed> answers) {
        long[] nanos = answers.stream().mapToLong(Timed::nanos).sorted().toArray();
        StringBuilder line = new StringBuilder("hedge share %s, %d kills, %d calls, %.0f hedged, ms:"
                .formatted(HEDGE_SHARE, KILLS, nanos.length, hedged()));
        for (double quantile : new double[] {0.5, 0.9, 0.95, 0.99, 0.999, 1}) {
            int index = Math.max(0, (int) Math.ceil(quantile * nanos.length) - 1);
            line.append(" p%s %.0f".formatted(100 * quantile, nanos[index] / 1e6));
        }
        System.out.println(line);
    }

    private static double hedged() {
        return Arrays.stream(new String(management.get("/q/metrics").body(), UTF_8).split("\n"))
                .filter(line -> line.startsWith("inference_hedged_requests_total{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Waits until exactly two members share the model's partitions, and not the same two as before; returns their ids. */
    private static Set<String> awaitTwoReaders(String model, Set<String> before) {
        return await().atMost(START_LIMIT)
                .until(() -> readers(model), readers -> readers.size() == 2 && !readers.equals(before));
    }

    /** The members of the model's group; empty while one of them has no partitions. */
    private static Set<String> readers(String model) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            var members =
                    admin
                            .describeConsumerGroups(List.of("penstock." + model + ".workers"))
                            .all()
                            .get()
                            .values()
                            .stream()
                            .flatMap(group -> group.members().stream())
                            .toList();
            return members.stream()
                            .anyMatch(member ->
                                    member.assignment().topicPartitions().isEmpty())
                    ? Set.of()
                    : members.stream().map(MemberDescription::consumerId).collect(Collectors.toSet());
        }
    }

    /** A folder with the digits model under that name, in versions 1 to {@code versions}. */
    private static Path modelFolder(String name, int versions) throws IOException {
        Path digits = Path.of("src/main/models/digits");
        Path folder = models.resolve(name + "-" + versions);
        for (int version = 1; version <= versions; version++) {
            Path target = Files.createDirectories(folder.resolve(name).resolve(Integer.toString(version)));
            Files.copy(digits.resolve("1/model.onnx"), target.resolve("model.onnx"));
        }
        return folder;
    }

    private static RoleProcess worker(Path folder) throws IOException {
        return new RoleProcess(List.of(
                "up",
                "--role",
                "worker",
                "--management-port",
                Integer.toString(RoleProcess.freePort()),
                "--kafka",
                stack.bootstrapServers(),
                "--models",
                folder.toString()));
    }
}
