package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What clients of Triton and KServe send and read: members of their bodies, errors, classes, configuration and statistics. */
@WholeService
class TritonDialectTest {
    private static final String FRUIT = "/v2/models/" + TestModels.UNDERSCORED;
    private static final String TWO_ROWS =
            "\"inputs\":[{\"name\":\"x\",\"shape\":[2,3],\"datatype\":\"FP32\",\"data\":[1.5,3,2,9,7,8]}]";

    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel("digits").awaitModel(TestModels.UNDERSCORED);
    }

    /** As KServe's Python SDK writes an InferRequest. */
    @Test
    void servesABodyThatNamesItsModel() {
        String body = "{\"id\":\"1\",\"model_name\":\"" + TestModels.UNDERSCORED + "\"," + TWO_ROWS + "}";

        Service.Answer answer = service.post(FRUIT + "/infer", body);

        assertThat(answer.status()).as(answer.json().toString()).isEqualTo(200);
        assertThat(answer.json().path("id").asText()).isEqualTo("1");
    }

    @Test
    void refusesABodyThatNamesAnotherModelOrVersion() {
        String version = "{\"model_version\":\"7\"," + TWO_ROWS + "}";

        assertThat(service.post(FRUIT + "/infer", version).status()).isEqualTo(404);
        assertThat(service.post(FRUIT + "/versions/1/infer", version).status()).isEqualTo(400);
        assertThat(service.post(FRUIT + "/infer", "{\"model_name\":\"digits\"," + TWO_ROWS + "}")
                        .status())
                .isEqualTo(400);
    }

    /** Triton's Java client reads an error into this class, and fails on any further member. */
    record ResponseError(String error) {}

    @ParameterizedTest
    @CsvSource({
        "GET,    /v2/nothing,                     404",
        "GET,    /nothing,                        404",
        "GET,    /v2/models/nothing,              404",
        "GET,    /v2/models/nothing/ready,        404",
        "DELETE, /v2/models/digits,               405",
        "POST,   /v2/models/digits/infer,         400",
        "GET,    /v2/requests/x,                  404",
        "GET,    /v2/requests/x/events,           404",
        "GET,    /v2/models/nothing/config,       404",
        "GET,    /v2/models/nothing/stats,        404",
        "GET,    /v2/trace/setting,               501",
    })
    void writesErrorsSoThatItsClientsReadThem(String method, String path, int status) throws Exception {
        JsonMapper strict = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .build();

        Curl.Answer answer = Curl.call(path, "-X", method, "-d", "{");

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.header("Vary")).matches("Accept(, Origin)?");
        assertThat(strict.readValue(answer.body(), ResponseError.class).error()).isNotBlank();
    }

    @Test
    void writesProblemDocumentsForWhoAsks() throws Exception {
        Curl.Answer answer = Curl.call("/v2/nothing", "-H", "Accept: application/problem+json");

        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.header("Vary")).matches("Accept(, Origin)?");
        assertThat(answer.json().path("status").asInt()).isEqualTo(404);
        assertThat(answer.json().path("error")).isEqualTo(answer.json().path("detail"));
    }

    /** As {@code InferRequestedOutput(name, class_count=2)} of Triton's Python client. */
    @Test
    void answersWithClassesAndTheirLabels() {
        JsonNode output = classes("{\"classification\":2}").json().at("/outputs/0");

        assertThat(output.path("datatype").asText()).isEqualTo("BYTES");
        assertThat(output.path("shape").toString()).isEqualTo("[2,2]");
        assertThat(output.path("data").toString())
                .isEqualTo("[\"3.0:1:pear\",\"2.0:2:plum\",\"9.0:0:apple\",\"8.0:2:plum\"]");
    }

    @Test
    void answersWithClassesInBinaryForm() {
        Service.Answer answer = classes("{\"classification\":1,\"binary_data\":true}");

        int jsonLength = Integer.parseInt(answer.header("Inference-Header-Content-Length"));
        ByteBuffer data =
                ByteBuffer.wrap(answer.body()).order(ByteOrder.LITTLE_ENDIAN).position(jsonLength);
        List<String> texts = new ArrayList<>();
        while (data.hasRemaining()) {
            byte[] text = new byte[data.getInt()];
            data.get(text);
            texts.add(new String(text, java.nio.charset.StandardCharsets.UTF_8));
        }
        assertThat(texts).containsExactly("3.0:1:pear", "9.0:0:apple");
    }

    @Test
    void answersWithTheTensorWhereNoClassIsAskedFor() {
        assertThat(classes("{\"classification\":0}")
                        .json()
                        .at("/outputs/0/data")
                        .toString())
                .isEqualTo("[1.5,3.0,2.0,9.0,7.0,8.0]");
    }

    @Test
    void refusesClassesOfAnOutputWithoutOrder() {
        String echo = TestModels.echo(dev.penstock.protocol.Datatype.BYTES);
        service.awaitModel(echo);

        Service.Answer answer = service.post(
                "/v2/models/" + echo + "/infer",
                "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"BYTES\",\"data\":[\"a\",\"b\",\"c\"]}],"
                        + "\"outputs\":[{\"name\":\"y\",\"parameters\":{\"classification\":1}}]}");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("field").asText()).isEqualTo("outputs[0].parameters.classification");
    }

    @Test
    void showsTheLabelsInTheMetadata() {
        assertThat(service.get(FRUIT).json().at("/outputs/0/parameters/labels").toString())
                .isEqualTo("[\"apple\",\"pear\",\"plum\"]");
    }

    /** The members that a measuring client needs, to know which batches it may send. */
    @Test
    void showsAConfigurationInTritonsTerms() {
        JsonNode config = service.get(FRUIT + "/config").json();

        assertThat(config.path("name").asText()).isEqualTo(TestModels.UNDERSCORED);
        assertThat(config.path("max_batch_size").asInt()).isEqualTo(4096);
        assertThat(config.path("input").toString())
                .isEqualTo("[{\"name\":\"x\",\"data_type\":\"TYPE_FP32\",\"dims\":[3],\"is_shape_tensor\":false,"
                        + "\"format\":\"FORMAT_NONE\",\"allow_ragged_batch\":false,\"optional\":false}]");
        assertThat(config.at("/output/0/dims").toString()).isEqualTo("[3]");
        assertThat(config.has("dynamic_batching")).isTrue();
        assertThat(config.at("/model_transaction_policy/decoupled").asBoolean(true))
                .isFalse();
        assertThat(service.get(FRUIT + "/versions/1/config").json()).isEqualTo(config);
        assertThat(service.get("/v2").json().path("extensions").toString())
                .contains("\"classification\"", "\"model_configuration\"", "\"statistics\"");
    }

    /** A model whose requests run one by one has no batches in Triton's terms. */
    @Test
    void showsFullShapesWhereThereAreNoBatches() {
        service.awaitModel(TestModels.SHARES);

        JsonNode config =
                service.get("/v2/models/" + TestModels.SHARES + "/config").json();

        assertThat(config.path("max_batch_size").asInt()).isZero();
        assertThat(config.has("dynamic_batching")).isFalse();
        assertThat(config.at("/input/0/dims"))
                .isEqualTo(service.get("/v2/models/" + TestModels.SHARES).json().at("/inputs/0/shape"));
    }

    @Test
    void countsWhatBecameOfCalls() {
        service.awaitModel(TestModels.PICK);
        String pick = "/v2/models/" + TestModels.PICK;
        JsonNode before = service.get(pick + "/versions/1/stats").json().at("/model_stats/0");

        service.post(pick + "/infer", index(2, "0,1"));
        service.post(pick + "/infer", index(1, "99"));

        await().untilAsserted(() -> {
            JsonNode after = service.get(pick + "/stats").json().at("/model_stats/0");
            assertThat(after.path("version").asText()).isEqualTo("1");
            assertThat(growth(before, after, "/inference_count")).isEqualTo(2);
            assertThat(growth(before, after, "/execution_count")).isEqualTo(1);
            assertThat(growth(before, after, "/inference_stats/success/count")).isEqualTo(1);
            assertThat(growth(before, after, "/inference_stats/fail/count")).isEqualTo(1);
            assertThat(growth(before, after, "/inference_stats/queue/count")).isEqualTo(1);
            assertThat(growth(before, after, "/inference_stats/compute_infer/ns"))
                    .isPositive();
            assertThat(growth(before, after, "/inference_stats/success/ns")).isPositive();
            assertThat(after.path("last_inference").asLong()).isPositive();
            assertThat(after.path("batch_stats").findValuesAsText("batch_size")).contains("2");
        });
        assertThat(service.get("/v2/models/stats").json().path("model_stats").findValuesAsText("name"))
                .contains("digits", TestModels.PICK);
    }

    @ParameterizedTest
    @CsvSource({
        "GET,  /v2/trace/setting",
        "POST, /v2/models/digits/trace/setting",
        "GET,  /v2/logging",
        "POST, /v2/logging",
        "GET,  /v2/systemsharedmemory/status",
        "POST, /v2/systemsharedmemory/region/r/register",
        "POST, /v2/cudasharedmemory/unregister",
        "POST, /v2/repository/models/digits/load",
        "POST, /v2/repository/models/digits/unload"
    })
    void saysPlainlyWhatItDoesNotSupport(String method, String path) throws Exception {
        Curl.Answer answer = Curl.call(path, "-X", method, "-d", "{}");

        assertThat(answer.status()).isEqualTo(501);
        assertThat(answer.json().path("error").asText()).contains("not supported");
    }

    private Service.Answer classes(String parameters) {
        return service.post(
                FRUIT + "/infer",
                "{" + TWO_ROWS + ",\"outputs\":[{\"name\":\"y\",\"parameters\":" + parameters + "}]}");
    }

    private static String index(int rows, String data) {
        return "{\"inputs\":[{\"name\":\"index\",\"shape\":[" + rows + "],\"datatype\":\"INT64\",\"data\":[" + data
                + "]}]}";
    }

    private static long growth(JsonNode before, JsonNode after, String count) {
        return after.at(count).asLong() - before.at(count).asLong();
    }
}
