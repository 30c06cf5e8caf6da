package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@WholeService
class RepositoryIndexTest {
    private static final String INDEX = "/v2/repository/index";
    private static final String REASON = "model.onnx is not an ONNX file but a Git LFS pointer to a file of 5 bytes; "
            + "run 'git lfs pull' in its repository, and copy the file again";

    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel("digits");
        await().atMost(Duration.ofSeconds(30))
                .until(() -> entry("", TestModels.POINTER).isPresent());
    }

    @Test
    void listsWhatIsServed() {
        JsonNode digits = entry("{}", "digits").orElseThrow();

        assertThat(digits.path("version").asText()).isEqualTo("1");
        assertThat(digits.path("state").asText()).isEqualTo("READY");
        assertThat(digits.path("reason").asText()).isEmpty();
    }

    @Test
    void listsWhatIsRefusedWithTheReason() {
        JsonNode refused = entry("", TestModels.POINTER).orElseThrow();

        assertThat(refused.path("version").asText()).isEqualTo("1");
        assertThat(refused.path("state").asText()).isEqualTo("UNAVAILABLE");
        assertThat(refused.path("reason").asText()).isEqualTo(REASON);
    }

    @Test
    void listsOnlyWhatIsReadyOnRequest() {
        assertThat(entry("{\"ready\": true}", "digits")).isPresent();
        assertThat(entry("{\"ready\": true}", TestModels.POINTER)).isEmpty();
        assertThat(entry("{\"ready\": false}", TestModels.POINTER)).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "{", "{\"ready\": 1}", "{} {}", "{\"ready\": true, \"ready\": false}"})
    void refusesBodiesThatAreNoSuchObject(String body) {
        assertThat(service.post(INDEX, body).status()).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/versions/1"})
    void aCallForARefusedModelIsToldTheReason(String version) {
        for (Service.Answer answer : new Service.Answer[] {
            service.get("/v2/models/" + TestModels.POINTER + version),
            service.get("/v2/models/" + TestModels.POINTER + version + "/ready"),
            service.post("/v2/models/" + TestModels.POINTER + version + "/infer", "{\"inputs\":[]}")
        }) {
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.json().path("error").asText()).endsWith(" is not served: " + REASON);
        }
    }

    @Test
    void modelsWhoseNamesDifferByADotAreServedOverTopicsOfTheirOwn() {
        for (String model : new String[] {TestModels.DOTTED, TestModels.UNDERSCORED}) {
            service.awaitModel(model);
            Service.Answer answer = service.post(
                    "/v2/models/" + model + "/infer",
                    "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,3],\"data\":[1,2,3]}]}");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json().path("model_name").asText()).isEqualTo(model);
        }
        assertThat(service.get("/v2/models/" + TestModels.DOTTED)
                        .json()
                        .at("/properties/requests_topic")
                        .asText())
                .isEqualTo("penstock.named-.v1.requests");
    }

    private Optional<JsonNode> entry(String body, String model) {
        Service.Answer answer = service.post(INDEX, body);
        assertThat(answer.status()).isEqualTo(200);
        return StreamSupport.stream(answer.json().spliterator(), false)
                .filter(entry -> entry.path("name").asText().equals(model))
                .findFirst();
    }
}
