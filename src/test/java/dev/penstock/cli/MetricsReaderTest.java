package dev.penstock.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code ./penstock diagnose} against processes that export made-up metrics. */
class MetricsReaderTest {
    private final AtomicInteger looks = new AtomicInteger();
    private HttpServer process;

    @BeforeEach
    void start() throws IOException {
        process = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        process.createContext("/q/metrics", exchange -> {
            byte[] text = "inference_rejected_total{model=\"m\",reason=\"ingress\"} %d\n"
                    .formatted(looks.incrementAndGet())
                    .getBytes(UTF_8);
            exchange.sendResponseHeaders(200, text.length);
            try (exchange) {
                exchange.getResponseBody().write(text);
            }
        });
        process.start();
    }

    @AfterEach
    void stop() {
        process.stop(0);
    }

    @Test
    void readsTwiceFromAnAddressWithAnyPath() throws Exception {
        Outcome outcome = diagnose("http://127.0.0.1:%d,http://127.0.0.1:%d/q".formatted(port(), port()));

        assertThat(outcome.exitCode).isZero();
        assertThat(outcome.output).startsWith("The ingress's CPU is the bottleneck.");
        assertThat(looks).hasValue(2);
    }

    @Test
    void namesAnAddressThatDoesNotAnswer() throws Exception {
        process.stop(0);
        assertThat(diagnose("http://127.0.0.1:" + port()).output)
                .startsWith("penstock diagnose: http://127.0.0.1:%d/q/metrics does not answer".formatted(port()))
                .contains("--url takes management addresses");
    }

    private int port() {
        return process.getAddress().getPort();
    }

    private record Outcome(int exitCode, String output) {}

    private static Outcome diagnose(String urls) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("./penstock", "diagnose", "--seconds", "1", "--url", urls));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Outcome(process.waitFor(), output);
    }
}
