package dev.penstock.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WelcomeTest {
    private static final Addresses BOTH = new Addresses(
            "ingress,worker",
            Optional.of("http://localhost:8080"),
            "http://localhost:9000",
            "localhost:9092",
            Optional.of("redis://127.0.0.1:6379"));

    @Test
    void namesTheConsoleFirst() {
        assertThat(Welcome.toService(8_600, BOTH, true, List.of("curl a", "curl b")))
                .isEqualTo("""

                Penstock is up after 9 s (ingress,worker). Ctrl-C stops it.

                  console          http://localhost:8080/
                  requests         http://localhost:8080/v2
                  API              http://localhost:8080/q/swagger-ui/
                  health           http://localhost:9000/q/health
                  metrics          http://localhost:9000/q/metrics
                  Kafka            localhost:9092
                  Redis            redis://127.0.0.1:6379

                Try it:

                  curl a

                  curl b
                """);
    }

    @Test
    void namesNoConsoleThatIsOffAndNoCallOfAModelThatIsNotServed() {
        assertThat(Welcome.toService(1_000, BOTH, false, List.of()))
                .doesNotContain("console", "Try it")
                .endsWith("\nNo model is served yet. The lines above say why.\n");
    }

    @ParameterizedTest
    @CsvSource({
        "redis://127.0.0.1:6379, redis://127.0.0.1:6379",
        "redis://:secret@redis:6379/1, redis://***@redis:6379/1",
        "rediss://user:sec@ret@redis, rediss://***@redis",
        "redis://redis:6379?password=secret&db=1, redis://redis:6379?password=***&db=1"
    })
    void showsNoPassword(String url, String shown) {
        Addresses worker =
                new Addresses("worker", Optional.empty(), "http://localhost:9001", "broker:9092", Optional.of(url));

        assertThat(Welcome.toService(1_000, worker, true, List.of())).endsWith("Redis            " + shown + "\n");
    }

    @Test
    void aWorkerHasNoCalls() {
        Addresses worker =
                new Addresses("worker", Optional.empty(), "http://localhost:9001", "broker:9092", Optional.empty());

        assertThat(Addresses.ofArguments(worker.toArguments())).isEqualTo(worker);
        assertThat(Welcome.toService(1_000, worker, true, List.of()))
                .endsWith("  metrics          http://localhost:9001/q/metrics\n  Kafka            broker:9092\n");
    }
}
