package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.ingress.Ingress;
import dev.penstock.ingress.warmup.WarmUpCalls;
import dev.penstock.ingress.warmup.WarmUpPass;
import dev.penstock.local.TopicContent;
import dev.penstock.messages.Topics;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.process.WarmUpPlan;
import io.quarkus.test.common.http.TestHTTPResource;
import jakarta.inject.Inject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Test;

/** An ingress that calls itself: all its calls are answered, and nobody else sees them. */
@WholeService
class WarmUpTest {
    private static final String MODEL = "/v2/models/" + WarmUpModels.OF_INGRESS;
    private static final int CALLS = 60;

    @Inject
    Ingress ingress;

    @Inject
    WarmUpPass pass;

    @TestHTTPResource(value = "metrics", management = true)
    URI metrics = URI.create("http://localhost"); // injected

    private final Service service = Service.underTest().awaitModel("digits");

    @Test
    void theIngressAnswersAllItsCallsInEveryFormAndCountsNone() {
        List<String> before = counts();
        double writesBefore = writes();

        WarmUpCalls calls = warmUp(CALLS, Duration.ofMinutes(2));
        await().atMost(Duration.ofMinutes(2)).until(calls::isDone);

        assertThat(calls.answered()).isEqualTo(CALLS);
        assertThat(records(Topics.requests(WarmUpModels.OF_INGRESS).getFirst())).isGreaterThanOrEqualTo(CALLS);
        assertThat(scrape()).doesNotContain(WarmUpModels.OF_INGRESS);
        assertThat(counts()).isEqualTo(before);
        // The cancellations of calls that another test left may be written meanwhile.
        assertThat(writes() - writesBefore).isLessThan(CALLS / 2.0);
    }

    @Test
    void nobodyElseCanUseItsModelOrSeeIt() {
        WarmUpCalls calls = warmUp(1_000_000, Duration.ofMinutes(2));
        await().until(() -> calls.answered() > 0);
        try {
            assertThat(service.get("/v2/models").json().path("models"))
                    .noneMatch(name -> name.asText().equals(WarmUpModels.OF_INGRESS));
            assertThat(service.get(MODEL).status()).isEqualTo(404);
            assertThat(service.post(MODEL + "/infer", "{\"inputs\":[]}").status())
                    .isEqualTo(404);
            assertThat(service.post(MODEL + "/infer", "{\"inputs\":[]}", WarmUpPass.HEADER, "made up")
                            .status())
                    .isEqualTo(404);
            assertThat(calls.isDone()).isFalse();
        } finally {
            calls.close();
        }
        assertThat(calls.isDone()).isTrue();
    }

    private WarmUpCalls warmUp(int calls, Duration atMost) {
        URI self = ConfigProvider.getConfig().getValue("test.url", URI.class);
        return ingress.warmUp(new WarmUpPlan(atMost, calls, true), pass, CompletableFuture.completedFuture(self));
    }

    private String scrape() {
        return new String(new Service(metrics).get("/q/metrics").body(), UTF_8);
    }

    /** What a call would change; answers to other calls of tests name their model. */
    private List<String> counts() {
        return scrape().lines()
                .filter(line -> line.startsWith("inference_http_responses_total{model=\"none\"")
                        || line.startsWith("inference_requests_total")
                        || line.startsWith("inference_admitted_total")
                        || line.startsWith("inference_replies_dropped_total"))
                .sorted()
                .toList();
    }

    private double writes() {
        return scrape().lines()
                .filter(line -> line.startsWith("inference_kafka_write_seconds_count"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
                .sum();
    }

    private static int records(String topic) {
        return TopicContent.read(Map.of("bootstrap.servers", ServiceStack.bootstrapServers()), topic)
                .size();
    }
}
