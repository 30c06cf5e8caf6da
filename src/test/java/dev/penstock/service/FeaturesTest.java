package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Callers send entity ids; the service looks up the features. */
@WholeService
class FeaturesTest {
    private static final String INFER = "/v2/models/" + TestModels.LOOKED_UP + "/infer";

    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel(TestModels.LOOKED_UP).awaitModel(TestModels.LOOKED_UP_OR_FAILED);
    }

    @Test
    void metadataListsTheEntityAndTheInputsThatAreNotLookedUp() {
        JsonNode inputs =
                service.get("/v2/models/" + TestModels.LOOKED_UP).json().path("inputs");
        assertThat(inputs.toString())
                .isEqualTo("[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,1]},"
                        + "{\"name\":\"customer\",\"datatype\":\"BYTES\",\"shape\":[-1]}]");
    }

    @Test
    void requestValuesAndFeaturesFillOneInput() {
        Service.Answer answer = service.post(INFER, customers("\"anna\",\"bert\",\"anna\"", 3));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().at("/outputs/0/data").toString())
                .isEqualTo("[1.0,41.0,5.5,2.0,29.0,7.25,3.0,41.0,5.5]");
        assertThat(answer.json().at("/parameters/features").asText()).isEqualTo("fresh");
    }

    @Test
    void requestValuesMaySurroundFeatures() {
        service.awaitModel(TestModels.LOOKED_UP_BETWEEN);
        String body =
                "{\"inputs\":[{\"name\":\"customer\",\"datatype\":\"BYTES\",\"shape\":[2],\"data\":[\"anna\",\"bert\"]},"
                        + "{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[1,2,3,4]}]}";
        Service.Answer answer = service.post("/v2/models/" + TestModels.LOOKED_UP_BETWEEN + "/infer", body);
        assertThat(answer.json().at("/outputs/0/data").toString()).isEqualTo("[1.0,41.0,2.0,3.0,29.0,4.0]");
    }

    @Test
    void entitiesMayComeAsAColumn() {
        String body = customers("\"anna\",\"bert\"", 2);
        Service.Answer answer = service.post(INFER, body.replace("\"shape\":[2]", "\"shape\":[2,1]"));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().at("/outputs/0/data").toString()).isEqualTo("[1.0,41.0,5.5,2.0,29.0,7.25]");
    }

    @Test
    void aRequestMayStillSendTheWholeTensor() {
        Service.Answer answer = service.post(
                INFER, "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,3],\"data\":[7,8,9]}]}");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().at("/outputs/0/data").toString()).isEqualTo("[7.0,8.0,9.0]");
        assertThat(answer.json().at("/parameters/features").isMissingNode()).isTrue();
    }

    @Test
    void theDefaultReplacesAMissingEntityAndTheResponseReportsIt() {
        Service.Answer answer = service.post(INFER, customers("\"anna\",\"nobody\"", 2));
        assertThat(answer.json().at("/outputs/0/data").toString()).isEqualTo("[1.0,41.0,5.5,2.0,0.0,-1.0]");
        assertThat(answer.json().at("/parameters/features").asText()).isEqualTo("default");
    }

    @Test
    void theRequestFailsWhenThePolicyRequiresIt() {
        String infer = "/v2/models/" + TestModels.LOOKED_UP_OR_FAILED + "/infer";
        Service.Answer answer = service.post(infer, customers("\"nobody\"", 1));
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.json().path("detail").asText()).isEqualTo("view 'customers' has no entity 'nobody'");
        assertThat(service.post(infer, customers("\"bert\"", 1)).status()).isEqualTo(200);
    }

    @Test
    void reportsAnInvalidEntity() {
        Service.Answer answer = service.post(INFER, customers("\"\"", 1));
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).contains("customer[0]: must have 1..512 characters");
    }

    @Test
    void aRequestWithNeitherNamesTheMissingInput() {
        Service.Answer answer = service.post(
                INFER, "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,1],\"data\":[7]}]}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).contains("must include 'customer'");
    }

    @Test
    void anUpdateIsServedWithinASecond() {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", ServiceStack.bootstrapServers()),
                new StringSerializer(),
                new StringSerializer())) {
            assertThat(carl()).isEqualTo("[1.0,50.0,1.5]");
            long now = System.currentTimeMillis();

            publish(producer, "{\"version\":%d,\"values\":{\"age\":51,\"income\":2.5}}".formatted(now + 2));
            await().atMost(Duration.ofSeconds(1)).until(() -> carl().equals("[1.0,51.0,2.5]"));

            publish(producer, "{\"version\":%d,\"values\":{\"age\":1,\"income\":1}}".formatted(now + 1));
            publish(producer, "no update at all");
            publish(producer, "{\"values\":{\"age\":\"old\"}}");
            publish(producer, "{\"version\":%d,\"values\":{\"age\":52,\"income\":null}}".formatted(now + 3));
            await().atMost(Duration.ofSeconds(1)).until(() -> !carl().equals("[1.0,51.0,2.5]"));
            assertThat(carl()).isEqualTo("[1.0,52.0,-1.0]");

            publish(producer, null);
            await().atMost(Duration.ofSeconds(1)).until(() -> carl().equals("[1.0,0.0,-1.0]"));
        }
    }

    private String carl() {
        return service.post(INFER, customers("\"carl\"", 1))
                .json()
                .at("/outputs/0/data")
                .toString();
    }

    private static void publish(KafkaProducer<String, String> producer, @Nullable String value) {
        producer.send(new ProducerRecord<>("penstock.features.customers", "carl", value));
        producer.flush();
    }

    private static String customers(String names, int count) {
        StringBuilder values = new StringBuilder();
        for (int i = 1; i <= count; i++) {
            values.append(i == 1 ? "" : ",").append(i);
        }
        return "{\"inputs\":[{\"name\":\"customer\",\"datatype\":\"BYTES\",\"shape\":[%d],\"data\":[%s]},"
                        .formatted(count, names)
                + "{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[%d,1],\"data\":[%s]}]}".formatted(count, values);
    }
}
