package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.ledger.Door;
import dev.penstock.ledger.Verdict;
import dev.penstock.ledger.drive.LedgerRun;
import dev.penstock.ledger.drive.Plan;
import dev.penstock.local.LocalStack;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The promise as a whole, through all doors, with roles as processes of their own: one outcome for each accepted request. */
class LedgerIT {
    private static final double RATE = 60;

    /** Many JVMs start at once, on a machine that may be busy. */
    private static final Duration START_LIMIT = Duration.ofMinutes(4);

    private static final Path DIGITS = Path.of("src/main/models/digits");

    private static final LocalStack stack = LocalStack.start();

    @TempDir
    private static Path models;

    private static final List<URI> urls = new ArrayList<>();
    private static final List<RoleProcess> ingresses = new ArrayList<>();

    private final List<String> progress = Collections.synchronizedList(new ArrayList<>());

    @BeforeAll
    static void startTwoIngresses() throws IOException {
        try (Stream<Path> files = Files.walk(DIGITS)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, models.resolve("digits").resolve(DIGITS.relativize(file)));
            }
        }
        for (int i = 0; i < 2; i++) {
            int port = RoleProcess.freePort();
            ingresses.add(ingress(port));
            urls.add(URI.create("http://127.0.0.1:" + port));
        }
    }

    @AfterAll
    static void stopAll() {
        ingresses.forEach(RoleProcess::close);
        stack.close();
    }

    @Test
    void holdsUnderLoad() throws Exception {
        try (RoleProcess worker = worker()) {
            awaitModel();

            Verdict verdict = run(Duration.ofSeconds(20));

            assertThatItIsKept(verdict);
        }
    }

    @Test
    void holdsWhenTheWorkerIsReplacedUnderLoad() throws Exception {
        try (ExecutorService background = Executors.newSingleThreadExecutor()) {
            Future<Verdict> verdict;
            try (RoleProcess leaves = worker()) {
                awaitModel();
                verdict = background.submit(() -> run(Duration.ofSeconds(25)));
                awaitProgress();
            }
            try (RoleProcess joins = worker()) {
                assertThatItIsKept(verdict.get());
            }
        }
    }

    private Verdict run(Duration duration) throws InterruptedException {
        Plan plan = Plan.of(urls, stack.bootstrapServers(), RATE, duration).pollingAnswered();
        return new LedgerRun(plan, progress::add).run();
    }

    /** Waits until requests have outcomes under load. */
    private void awaitProgress() {
        await().atMost(START_LIMIT)
                .until(() -> List.copyOf(progress).stream().anyMatch(line -> line.contains("outcomes")));
    }

    private static void awaitModel() {
        await().atMost(START_LIMIT)
                .ignoreExceptionsInstanceOf(UncheckedIOException.class) // it may not listen yet
                .until(() -> urls.stream()
                        .allMatch(url ->
                                new Service(url).get("/v2/models/digits/ready").status() == 200));
    }

    private void assertThatItIsKept(Verdict verdict) {
        assertThat(verdict.result())
                .as(() -> verdict + String.join("\n", progress))
                .isEqualTo(Verdict.Result.KEPT);
        assertThat(verdict.doors()).containsOnlyKeys(Door.values());
        assertThat(verdict.accepted()).isGreaterThan(300);
    }

    private static RoleProcess ingress(int port) throws IOException {
        return new RoleProcess(List.of(
                "up",
                "--role",
                "ingress",
                "--port",
                Integer.toString(port),
                "--management-port",
                Integer.toString(RoleProcess.freePort()),
                "--kafka",
                stack.bootstrapServers(),
                "--redis",
                stack.redisUrl()));
    }

    private static RoleProcess worker() throws IOException {
        return new RoleProcess(List.of(
                "up",
                "--role",
                "worker",
                "--management-port",
                Integer.toString(RoleProcess.freePort()),
                "--kafka",
                stack.bootstrapServers(),
                "--models",
                models.toString()));
    }
}
