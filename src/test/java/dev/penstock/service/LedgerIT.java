package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.ledger.Door;
import dev.penstock.ledger.Verdict;
import dev.penstock.ledger.drive.LedgerRun;
import dev.penstock.ledger.drive.Plan;
import dev.penstock.local.LocalStack;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The promise as a whole, through all doors, with roles as processes of their own: one outcome for each accepted request. */
class LedgerIT {
    private static final double RATE = 60;

    private static final LocalStack stack = LocalStack.start();

    private final List<String> progress = Collections.synchronizedList(new ArrayList<>());

    @AfterAll
    static void stopBrokerAndRedis() {
        stack.close();
    }

    @Test
    void holdsUnderLoad() throws Exception {
        int port = RoleProcess.freePort();
        int otherPort = RoleProcess.freePort();
        try (RoleProcess ingress = ingress(port);
                RoleProcess other = ingress(otherPort);
                RoleProcess worker = worker()) {
            service(port).awaitModel("digits");
            service(otherPort).awaitModel("digits");

            Verdict verdict = run(port, otherPort, Duration.ofSeconds(20));

            assertThatItIsKept(verdict);
        }
    }

    @Test
    void holdsWhenTheWorkerIsReplacedUnderLoad() throws Exception {
        int port = RoleProcess.freePort();
        int otherPort = RoleProcess.freePort();
        try (RoleProcess ingress = ingress(port);
                RoleProcess other = ingress(otherPort);
                ExecutorService background = Executors.newSingleThreadExecutor()) {
            Future<Verdict> verdict;
            try (RoleProcess leaves = worker()) {
                service(port).awaitModel("digits");
                service(otherPort).awaitModel("digits");
                verdict = background.submit(() -> run(port, otherPort, Duration.ofSeconds(25)));
                awaitProgress(1);
            }
            try (RoleProcess joins = worker()) {
                assertThatItIsKept(verdict.get());
            }
        }
    }

    private Verdict run(int port, int otherPort, Duration duration) throws InterruptedException {
        List<URI> urls = List.of(uri(port), uri(otherPort));
        return new LedgerRun(Plan.of(urls, stack.bootstrapServers(), RATE, duration), progress::add).run();
    }

    /** Waits for so many reports of the run under load. */
    private void awaitProgress(int reports) {
        await().atMost(Duration.ofSeconds(60))
                .until(() -> List.copyOf(progress).stream()
                                .filter(line -> line.contains("accepted"))
                                .count()
                        >= reports);
    }

    private void assertThatItIsKept(Verdict verdict) {
        assertThat(verdict.result())
                .as(() -> verdict + String.join("\n", progress))
                .isEqualTo(Verdict.Result.KEPT);
        assertThat(verdict.doors()).containsOnlyKeys(Door.values());
        assertThat(verdict.accepted()).isGreaterThan(500);
    }

    private static Service service(int port) {
        return new Service(uri(port));
    }

    private static URI uri(int port) {
        return URI.create("http://127.0.0.1:" + port);
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
                stack.bootstrapServers()));
    }
}
