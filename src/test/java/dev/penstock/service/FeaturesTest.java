package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Send an id, not a tensor. */
@WholeService
class FeaturesTest {
    private static final String INFER = "/v2/models/" + TestModels.LOOKED_UP + "/infer";

    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel(TestModels.LOOKED_UP).awaitModel(TestModels.LOOKED_UP_OR_FAILED);
    }

    @Test
    void theModelAsksForTheEntityAndWhatIsNotLookedUp() {
        JsonNode inputs =
                service.get("/v2/models/" + TestModels.LOOKED_UP).json().path("inputs");
        assertThat(inputs.toString())
                .isEqualTo("[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,1]},"
                        + "{\"name\":\"customer\",\"datatype\":\"BYTES\",\"shape\":[-1]}]");
    }

    @Test
    void valuesOfTheRequestAndFeaturesFillOneInputTogether() {
        Service.Answer answer = service.post(INFER, customers("\"anna\",\"bert\",\"anna\"", 3));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().at("/outputs/0/data").toString())
                .isEqualTo("[1.0,41.0,5.5,2.0,29.0,7.25,3.0,41.0,5.5]");
        assertThat(answer.json().at("/parameters/features").asText()).isEqualTo("fresh");
    }

    @Test
    void entitiesMayComeAsATablesColumn() {
        String body = customers("\"anna\",\"bert\"", 2);
        Service.Answer answer = service.post(INFER, body.replace("\"shape\":[2]", "\"shape\":[2,1]"));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().at("/outputs/0/data").toString()).isEqualTo("[1.0,41.0,5.5,2.0,29.0,7.25]");
    }

    @Test
    void aRequestMayStillBringTheWholeTensor() {
        Service.Answer answer = service.post(
                INFER, "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,3],\"data\":[7,8,9]}]}");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().at("/outputs/0/data").toString()).isEqualTo("[7.0,8.0,9.0]");
        assertThat(answer.json().at("/parameters/features").isMissingNode()).isTrue();
    }

    @Test
    void theDefaultStandsInForWhoIsNotThereAndTheResponseSaysSo() {
        Service.Answer answer = service.post(INFER, customers("\"anna\",\"nobody\"", 2));
        assertThat(answer.json().at("/outputs/0/data").toString()).isEqualTo("[1.0,41.0,5.5,2.0,0.0,-1.0]");
        assertThat(answer.json().at("/parameters/features").asText()).isEqualTo("default");
    }

    @Test
    void theRequestFailsWhereThePolicySaysSo() {
        String infer = "/v2/models/" + TestModels.LOOKED_UP_OR_FAILED + "/infer";
        Service.Answer answer = service.post(infer, customers("\"nobody\"", 1));
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.json().path("detail").asText()).isEqualTo("view 'customers' has no entity 'nobody'");
        assertThat(service.post(infer, customers("\"bert\"", 1)).status()).isEqualTo(200);
    }

    @Test
    void saysWhatIsWrongWithAnEntity() {
        Service.Answer answer = service.post(INFER, customers("\"\"", 1));
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).contains("customer[0]: must have 1..512 characters");
    }

    @Test
    void aRequestWithNeitherIsToldWhatIsMissing() {
        Service.Answer answer = service.post(
                INFER, "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,1],\"data\":[7]}]}");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("detail").asText()).contains("must have 'customer'");
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
