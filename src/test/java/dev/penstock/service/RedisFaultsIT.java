package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.local.EmbeddedRedis;
import dev.penstock.local.LocalStack;
import dev.penstock.local.RedisSignals;
import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Polls at several ingresses, in processes of their own, while Redis loses its data, does not answer, or is full. */
@Tag("long")
class RedisFaultsIT {
    private static final String INFER = "/v2/models/digits/infer";
    private static final int MANY = 30;

    /** Several JVMs start at once, on a machine that may be busy. */
    private static final Duration START_LIMIT = Duration.ofMinutes(4);

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String BODY =
            Digits.request(DigitsTable.load().heldOut().getFirst());

    private static final LocalStack stack = LocalStack.start();
    private static final EmbeddedRedis redis = stack.redis().orElseThrow();
    private static final List<RoleProcess> processes = new ArrayList<>();
    private static final List<Service> ingresses = new ArrayList<>();

    @BeforeAll
    static void startTwoIngressesAndAWorker() throws IOException {
        startIngress();
        startIngress();
        processes.add(RoleProcess.role("worker", stack));
        awaitModel();
    }

    @AfterAll
    static void stopAll() {
        processes.forEach(RoleProcess::close);
        stack.close();
    }

    @Test
    void noOutcomeIsLostWhenRedisIsFlushed() throws Exception {
        List<String> done = submit();
        done.forEach(RedisFaultsIT::awaitSuccess);
        List<String> inFlight = submit();
        redis("FLUSHALL");
        done.forEach(RedisFaultsIT::assertThatItSucceededEverywhere);
        inFlight.forEach(RedisFaultsIT::awaitSuccess);
        inFlight.forEach(RedisFaultsIT::assertThatItSucceededEverywhere);

        startIngress();
        awaitModel();
        done.forEach(RedisFaultsIT::assertThatItSucceededEverywhere);
        inFlight.forEach(RedisFaultsIT::assertThatItSucceededEverywhere);
        assertThatAllAccept();
    }

    @Test
    void pollsAreAnsweredWhileRedisIsFrozen() throws Exception {
        List<String> done = submit();
        done.forEach(RedisFaultsIT::awaitSuccess);
        RedisSignals.freeze(redis);
        try {
            done.forEach(RedisFaultsIT::assertThatItSucceededEverywhere);
            List<String> inFlight = submit();
            inFlight.forEach(RedisFaultsIT::awaitSuccess);
            inFlight.forEach(RedisFaultsIT::assertThatItSucceededEverywhere);
        } finally {
            RedisSignals.goOn(redis);
        }
        done.forEach(RedisFaultsIT::assertThatItSucceededEverywhere);
    }

    @Test
    void noOutcomeIsLostWhileRedisIsFull() throws Exception {
        List<String> done = submit();
        done.forEach(RedisFaultsIT::awaitSuccess);
        redis("CONFIG SET maxmemory-policy noeviction");
        redis("CONFIG SET maxmemory 1");
        try {
            List<String> inFlight = submit();
            inFlight.forEach(RedisFaultsIT::awaitSuccess);
            inFlight.forEach(RedisFaultsIT::assertThatItSucceededEverywhere);
        } finally {
            redis("CONFIG SET maxmemory 0");
        }
        done.forEach(RedisFaultsIT::assertThatItSucceededEverywhere);
    }

    @Test
    void anAnsweredSynchronousCallIsPolledAsItWasAnswered() {
        for (Service ingress : List.copyOf(ingresses)) {
            Service.Answer answer = ingress.post(INFER, BODY);
            assertThat(answer.status()).isEqualTo(200);
            String location = "/v2/requests/" + answer.header("Penstock-Request-Id");
            for (Service other : ingresses) {
                JsonNode polled = other.get(location).json();
                assertThat(polled.path("status").asText()).isEqualTo("succeeded");
                assertThat(polled.path("response")).isEqualTo(answer.json());
            }
        }
    }

    private static List<String> submit() {
        List<String> locations = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            Service.Answer accepted = ingresses.get(i % ingresses.size()).post(INFER, BODY, "Prefer", "respond-async");
            assertThat(accepted.status()).isEqualTo(202);
            locations.add(accepted.header("Location"));
        }
        return locations;
    }

    private static void awaitSuccess(String location) {
        await().atMost(PATIENCE)
                .until(
                        () -> ingresses
                                .getFirst()
                                .get(location, "Prefer", "wait=5")
                                .json()
                                .path("status")
                                .asText(),
                        "succeeded"::equals);
    }

    /** At once: an outcome that was seen is seen at every ingress. Only an ingress that cannot look may say so. */
    private static void assertThatItSucceededEverywhere(String location) {
        for (Service ingress : ingresses) {
            Service.Answer answer =
                    await().atMost(PATIENCE).until(() -> ingress.get(location), each -> each.status() != 503);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json().path("status").asText()).isEqualTo("succeeded");
        }
    }

    private static void assertThatAllAccept() {
        for (Service ingress : ingresses) {
            assertThat(ingress.post(INFER, BODY).status()).isEqualTo(200);
        }
    }

    private static void awaitModel() {
        await().atMost(START_LIMIT)
                .ignoreExceptionsInstanceOf(UncheckedIOException.class) // it may not listen yet
                .until(() -> ingresses.stream()
                        .allMatch(ingress ->
                                ingress.get("/v2/models/digits/ready").status() == 200));
    }

    private static void startIngress() throws IOException {
        int port = RoleProcess.freePort();
        processes.add(
                RoleProcess.role("ingress", stack, "--port", Integer.toString(port), "--redis", stack.redisUrl()));
        ingresses.add(new Service(URI.create("http://127.0.0.1:" + port)));
    }

    private static void redis(String command) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
            socket.getOutputStream().write((command + "\r\n").getBytes(UTF_8));
            assertThat(new String(socket.getInputStream().readNBytes(3), UTF_8)).isEqualTo("+OK");
        }
    }
}
