package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Models whose rows cannot share runs, and inputs that rows share. */
@WholeService
class RunModesTest {
    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest();
        List.of(
                        TestModels.ONE_ROW,
                        TestModels.SHARES,
                        TestModels.SCALED,
                        TestModels.FOUND,
                        TestModels.CONSTANT)
                .forEach(service::awaitModel);
    }

    @Test
    void tellsHowAModelIsRunAndWhy() {
        JsonNode alone = service.get("/v2/models/" + TestModels.ONE_ROW).json();
        JsonNode together = service.get("/v2/models/digits").json();

        assertThat(alone.at("/inputs/0/shape").toString()).isEqualTo("[1,3]");
        assertThat(alone.at("/properties/batching").asText()).isEqualTo("one by one");
        assertThat(alone.at("/properties/batching_reason").asText()).contains("has no variable first dimension");
        assertThat(together.at("/properties/batching").asText()).isEqualTo("batched");
        assertThat(together.at("/properties/batching_reason").asText()).contains("alone and beside others");
        assertThat(service.get("/v2/models/" + TestModels.SCALED)
                        .json()
                        .at("/properties/shared_inputs")
                        .asText())
                .isEqualTo("scale");
    }

    @Test
    void neverCutsOrJoinsRequestsWhoseRowsDependOnEachOther() {
        // More rows than a batch has, so that parts of a request would have other sums.
        List<JsonNode> answers = together(TestModels.SHARES, 12, i -> table(65 + i, 3, "1"));

        for (int i = 0; i < answers.size(); i++) {
            JsonNode output = answers.get(i).at("/outputs/0");
            assertThat(output.path("shape").toString()).isEqualTo("[" + (65 + i) + ",3]");
            assertThat(output.path("data").get(0).floatValue()).isEqualTo(1f / (65 + i));
        }
    }

    @Test
    void runsRequestsTogetherOnlyIfTheirSharedInputsAreEqual() {
        List<JsonNode> answers = together(TestModels.SCALED, 40, i -> """
                {"inputs":[{"name":"scale","shape":[],"datatype":"FP32","data":[%d]},
                {"name":"x","shape":[1,2],"datatype":"FP32","data":[1,%d]}]}""".formatted(i % 3, i));

        for (int i = 0; i < answers.size(); i++) {
            assertThat(answers.get(i).at("/outputs/0/data").toString())
                    .isEqualTo("[" + i % 3 + ".0," + i * (i % 3) + ".0]");
        }
    }

    @Test
    void cutsALargeRequestWithASharedInput() {
        JsonNode answer = post(
                TestModels.SCALED,
                "{\"inputs\":[{\"name\":\"x\",\"shape\":[70,2],\"datatype\":\"FP32\",\"data\":[" + numbers(140, "2")
                        + "]},{\"name\":\"scale\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[3]}]}");

        assertThat(answer.at("/outputs/0/shape").toString()).isEqualTo("[70,2]");
        assertThat(answer.at("/outputs/0/data").toString()).isEqualTo("[" + numbers(140, "6.0") + "]");
    }

    @Test
    void givesEachRequestItsOwnDetections() {
        List<JsonNode> answers = together(TestModels.FOUND, 20, i -> """
                {"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[%s]}]}""".formatted(i % 2 == 0 ? "0,0,1,0" : "1,0,0,0"));

        for (int i = 0; i < answers.size(); i++) {
            assertThat(answers.get(i).at("/outputs/0/data").toString()).isEqualTo(i % 2 == 0 ? "[0,2]" : "[0,0]");
        }
        JsonNode none = post(
                TestModels.FOUND,
                "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[0,0,0,0]}]}");
        assertThat(none.at("/outputs/0/shape").toString()).isEqualTo("[0,2]");
    }

    @Test
    void servesFixedShapesAndModelsWithoutInputs() {
        JsonNode fixed = post(TestModels.ONE_ROW, table(1, 3, "5"));
        JsonNode constant = post(TestModels.CONSTANT, "{\"inputs\":[]}");
        Service.Answer tooMany = service.post("/v2/models/" + TestModels.ONE_ROW + "/infer", table(2, 3, "5"));

        assertThat(fixed.at("/outputs/0/data").toString()).isEqualTo("[5.0,5.0,5.0]");
        assertThat(constant.at("/outputs/0/data").toString()).isEqualTo("[-1000.0]");
        assertThat(tooMany.status()).isEqualTo(400);
        assertThat(tooMany.json().path("error").asText()).isEqualTo("inputs[0].shape: must be [1, 3], was [2, 3]");
    }

    private JsonNode post(String model, String body) {
        Service.Answer answer = service.post("/v2/models/" + model + "/infer", body);
        assertThat(answer.status()).as(new String(answer.body())).isEqualTo(200);
        return answer.json();
    }

    private List<JsonNode> together(String model, int count, IntFunction<String> body) {
        List<CompletableFuture<JsonNode>> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String request = body.apply(i);
            CompletableFuture<JsonNode> answer = new CompletableFuture<>();
            answers.add(answer);
            Thread.ofVirtual().start(() -> {
                try {
                    answer.complete(post(model, request));
                } catch (AssertionError wrong) {
                    answer.completeExceptionally(wrong);
                }
            });
        }
        return answers.stream().map(CompletableFuture::join).toList();
    }

    private static String table(int rows, int columns, String value) {
        return "{\"inputs\":[{\"name\":\"x\",\"shape\":[" + rows + "," + columns + "],\"datatype\":\"FP32\",\"data\":["
                + numbers(rows * columns, value) + "]}]}";
    }

    private static String numbers(int count, String value) {
        return String.join(
                ",", IntStream.range(0, count).mapToObj(i -> value).toList());
    }
}
