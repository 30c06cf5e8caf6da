package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A service that takes 5 requests, and from then on one in 10 s. */
@WholeService
@TestProfile(QuotaTest.OfFive.class)
class QuotaTest {
    @BeforeEach
    void connect() {
        Service.underTest().awaitModel("digits");
    }

    @Test
    void callsOverTheQuotaHearWhenToComeBack() {
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

    @Test
    void moreRowsThanTheBurstAreNeverTaken() {
        Service.Answer refused = Service.underTest()
                .post(
                        BadInput.INFER,
                        GoodInput.withShape("[11,64]", (GoodInput.PIXELS + ",").repeat(10) + GoodInput.PIXELS));
        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.json().path("detail").asText()).contains("11 rows").contains("10");
    }

    /** So slow that no test machine is slow enough to see it filled again. */
    public static final class OfFive implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "penstock.ingress.quota.requests-per-second", "0.1",
                    "penstock.ingress.quota.request-burst", "5",
                    "penstock.ingress.quota.rows-per-second", "10",
                    "penstock.ingress.quota.row-burst", "10");
        }
    }
}
