package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@WholeService
class ServerMetadataTest {
    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel("digits");
    }

    @Test
    void returnsItsNameVersionAndExtensions() {
        JsonNode server = service.get("/v2").json();
        assertThat(server.path("name").asText()).isEqualTo("penstock");
        assertThat(server.path("version").asText()).isNotBlank();
        assertThat(server.path("extensions").toString()).contains("binary_tensor_data");
    }

    @Test
    void isLive() {
        Service.Answer live = service.get("/v2/health/live");
        assertThat(live.status()).isEqualTo(200);
        assertThat(live.json().path("live").asBoolean()).isTrue();
    }

    @Test
    void isReadyOnceEveryModelHasAWorker() {
        TestModels.names().forEach(service::awaitModel);
        Service.Answer ready = service.get("/v2/health/ready");
        assertThat(ready.status()).isEqualTo(200);
        assertThat(ready.json().path("ready").asBoolean()).isTrue();
    }

    @Test
    void listsModels() {
        assertThat(service.get("/v2/models").json().path("models").toString()).contains("\"digits\"");
    }

    @Test
    void returnsAModelsSignature() {
        JsonNode model = service.get("/v2/models/digits").json();
        assertThat(model.path("name").asText()).isEqualTo("digits");
        assertThat(model.path("versions").toString()).isEqualTo("[\"1\"]");
        assertThat(model.path("platform").asText()).isEqualTo("onnx_onnxv1");
        assertThat(model.path("inputs").toString())
                .isEqualTo("[{\"name\":\"pixels\",\"datatype\":\"FP32\",\"shape\":[-1,64]}]");
        assertThat(model.path("outputs").findValuesAsText("name")).containsExactlyInAnyOrder("digit", "scores");
        assertThat(service.get("/v2/models/digits/versions/1").json()).isEqualTo(model);
    }

    @Test
    void returnsWhetherAModelIsReady() {
        assertThat(service.get("/v2/models/digits/ready").status()).isEqualTo(200);
        assertThat(service.get("/v2/models/digits/versions/1/ready").status()).isEqualTo(200);
    }

    @Test
    void doesNotServeAModelThatWasRefused() {
        assertThat(service.get("/v2/models/" + TestModels.REFUSED).status()).isEqualTo(404);
    }
}
