package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.http.TestHTTPResource;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Health checks, on the management port only. */
@WholeService
class HealthTest {
    @TestHTTPResource(value = "health", management = true)
    URI health = URI.create("http://localhost"); // injected

    @Test
    void readinessReportsEachRole() {
        Service.underTest().awaitModel("digits");
        JsonNode ready = new Service(health).get(health.getPath() + "/ready").json();
        assertThat(ready.path("status").asText()).isEqualTo("UP");
        assertThat(ready.findPath("data").path("kafka").asText()).isEqualTo("ready");
        assertThat(ready.findPath("data").path("ingress").asText()).isEqualTo("ready");
        assertThat(ready.findPath("data").path("worker").asText()).isEqualTo("ready");
    }

    /** Liveness ignores Kafka and Redis, because a restart would not repair them. */
    @Test
    void livenessIgnoresKafkaAndRedis() {
        JsonNode live = new Service(health).get(health.getPath() + "/live").json();
        List<String> checks = new ArrayList<>();
        live.path("checks").forEach(check -> checks.add(check.path("name").asText()));
        assertThat(checks).containsExactly("penstock");
    }

    @Test
    void theHttpPortServesNeitherHealthNorMetrics() {
        assertThat(Service.underTest().get("/q/health/ready").status()).isEqualTo(404);
        assertThat(Service.underTest().get("/q/metrics").status()).isEqualTo(404);
    }
}
