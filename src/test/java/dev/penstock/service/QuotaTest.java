package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** A service whose quota admits 5 requests at once, then one per 10 s. */
@WholeService
@TestProfile(QuotaTest.OfFive.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class QuotaTest {
    @Inject
    MeterRegistry registry;

    @BeforeEach
    void connect() {
        Service.underTest().awaitModel("digits");
    }

    @Test
    @Order(1)
    void rejectsMoreRowsThanTheBurst() {
        Service.Answer refused = Service.underTest()
                .post(
                        BadInput.INFER,
                        GoodInput.withShape("[11,64]", (GoodInput.PIXELS + ",").repeat(10) + GoodInput.PIXELS));
        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.json().path("detail").asText()).contains("11 rows").contains("10");
    }

    @Test
    @Order(2)
    void callsOverTheQuotaGetARetryAfter() {
        List<Service.Answer> answers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            answers.add(Service.underTest().post(BadInput.INFER, GoodInput.body()));
        }
        assertThat(answers.subList(0, 5)).allSatisfy(answer -> {
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("RateLimit-Policy")).contains("\"requests\";q=5;w=50");
            assertThat(answer.header("RateLimit")).contains("\"requests\";r=");
        });
        Service.Answer refused = answers.getLast();
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 60);
        assertThat(refused.json().path("violated-policies").path(0).asText()).isEqualTo("requests");
    }

    /** Only the model's existence is checked; the rest of the call is not read. */
    @Test
    @Order(3)
    void refusesACallOverTheQuotaUnread() {
        double before = rejected();
        Service.Answer unread = Service.underTest().post(BadInput.INFER, "no JSON");
        assertThat(unread.status()).isEqualTo(429);
        assertThat(unread.header("RateLimit")).contains("\"requests\";r=0;t=" + unread.header("Retry-After"));
        assertThat(unread.json().path("violated-policies").path(0).asText()).isEqualTo("requests");
        assertThat(Service.underTest()
                        .post("/v2/models/digits/versions/1/infer", "no JSON")
                        .status())
                .isEqualTo(429);
        assertThat(rejected()).isEqualTo(before + 2);
        assertThat(Service.underTest()
                        .post("/v2/models/nobody/infer", "no JSON")
                        .status())
                .isEqualTo(404);
        assertThat(Service.underTest().get("/v2/models/digits").status()).isEqualTo(200);
    }

    @Test
    @Order(3)
    void isRefusedAsTheDescriptionOfTheApiSays() {
        for (String operation : List.of("infer", "inferVersion")) {
            OpenApi.Example example = OpenApiErrorsTest.overQuota(operation);
            Service.Answer refused = Service.underTest().post(example.path(), GoodInput.body(), "Accept", "*/*");

            assertThat(refused.status()).isEqualTo(example.status());
            OpenApiErrorsTest.requireShown(example, refused.json());
            OpenApiTest.requireDescribed(example.operation(), refused, "*/*");
        }
    }

    @Test
    @Order(4)
    void aRefusedCallsShortBodyLeavesTheConnectionForTheNext() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send(GoodInput.call());
            assertThat(wire.read().status()).isEqualTo(429);
            wire.send(GoodInput.call());
            assertThat(wire.read().status()).isEqualTo(429);
        }
    }

    @Test
    @Order(5)
    void aRefusedCallWhoseBodyDoesNotComeLosesItsConnection() throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send("POST " + BadInput.INFER + " HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n{");
            assertThat(wire.read().status()).isEqualTo(429);
            assertThat(wire.isClosed()).isTrue();
        }
    }

    private double rejected() {
        return registry.get("inference.rejected")
                .tags("model", "digits", "reason", "quota-requests")
                .counter()
                .count();
    }

    /** The quota refills so slowly that it cannot refill during the test, even on a slow machine. */
    public static final class OfFive implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "penstock.worker.serve", "digits",
                    "penstock.ingress.quota.requests-per-second", "0.1",
                    "penstock.ingress.quota.request-burst", "5",
                    "penstock.ingress.quota.rows-per-second", "10",
                    "penstock.ingress.quota.row-burst", "10",
                    "penstock.ingress.body-timeout", "1s");
        }
    }
}
