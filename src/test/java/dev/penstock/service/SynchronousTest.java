package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.protocol.Bfloat16;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestWriter;
import dev.penstock.protocol.codec.ResponseReader;
import dev.penstock.samples.DigitsTable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@WholeService
class SynchronousTest {
    private static final String INFER = "/v2/models/digits/infer";

    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel("digits");
    }

    @Test
    void recognizesHeldOutDigits() {
        List<DigitsTable.Row> rows = DigitsTable.load().heldOut();
        long right = rows.stream()
                .filter(row -> service.post(INFER, Digits.request(row))
                                .json()
                                .at("/outputs/0/data/0")
                                .asInt()
                        == row.digit())
                .count();
        assertThat((double) right / rows.size()).isGreaterThanOrEqualTo(0.94);
    }

    @Test
    void respondsInTheProtocolsFormat() {
        Service.Answer answer = service.post(INFER, digits("\"id\":\"42\","), "Content-Type", "application/json");
        JsonNode json = answer.json();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.header("Penstock-Request-Id")).isNotBlank();
        assertThat(json.path("model_name").asText()).isEqualTo("digits");
        assertThat(json.path("model_version").asText()).isEqualTo("1");
        assertThat(json.path("id").asText()).isEqualTo("42");
        assertThat(json.at("/outputs/0/name").asText()).isEqualTo("digit");
        assertThat(json.at("/outputs/0/datatype").asText()).isEqualTo("INT64");
        assertThat(json.at("/outputs/0/shape").toString()).isEqualTo("[1]");
        assertThat(json.at("/outputs/1/shape").toString()).isEqualTo("[1,10]");
        assertThat(json.at("/outputs/1/data")).hasSize(10);
    }

    @Test
    void returnsOnlyTheRequestedOutputs() {
        JsonNode json = service.post(INFER, digits("\"outputs\":[{\"name\":\"digit\"}],"))
                .json();
        assertThat(json.path("outputs").findValuesAsText("name")).containsExactly("digit");
    }

    @Test
    void servesARequestedVersion() {
        assertThat(service.post("/v2/models/digits/versions/1/infer", digits(""))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void acceptsCurlsDefaultContentType() {
        assertThat(service.post(INFER, digits(""), "Content-Type", "application/x-www-form-urlencoded")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void acceptsSeveralRowsInOneRequest() {
        List<DigitsTable.Row> rows = DigitsTable.load().heldOut().subList(0, 3);
        String data = rows.stream()
                .map(row -> Digits.request(row).replaceAll(".*\"data\":", "").replace("}]}", ""))
                .reduce((a, b) -> a + "," + b)
                .orElseThrow();
        JsonNode json = service.post(
                        INFER,
                        "{\"inputs\":[{\"name\":\"pixels\",\"shape\":[3,64],\"datatype\":\"FP32\",\"data\":[" + data
                                + "]}]}")
                .json();
        assertThat(json.at("/outputs/0/shape").toString()).isEqualTo("[3]");
        for (int i = 0; i < 3; i++) {
            JsonNode alone = service.post(INFER, Digits.request(rows.get(i))).json();
            assertThat(json.at("/outputs/0/data/" + i)).isEqualTo(alone.at("/outputs/0/data/0"));
        }
    }

    @ParameterizedTest
    @EnumSource(Datatype.class)
    void echoesEveryDatatypeInBinaryForm(Datatype datatype) throws Exception {
        Tensor input = random(datatype);
        String model = TestModels.echo(datatype);
        service.awaitModel(model);
        InferenceRequest request = new InferenceRequest(Optional.of("b"), Map.of(), List.of(input), List.of(), true);
        Payload payload = RequestWriter.write(request, name -> true);
        Service.Answer answer = service.post(
                "/v2/models/" + model + "/infer",
                bytes(payload),
                "Inference-Header-Content-Length",
                Integer.toString(payload.jsonLength().orElseThrow()),
                "Content-Type",
                "application/octet-stream");
        assertThat(answer.status()).as(new String(answer.body(), UTF_8)).isEqualTo(200);
        int jsonLength = Integer.parseInt(answer.header("Inference-Header-Content-Length"));
        InferenceResponse response = new ResponseReader(ReaderLimits.DEFAULT)
                .read(new Payload(ByteBuffer.wrap(answer.body()), OptionalInt.of(jsonLength)));
        assertThat(response.outputs().getFirst().data()).isEqualTo(input.data());
        assertThat(response.outputs().getFirst().shape()).isEqualTo(input.shape());
    }

    @ParameterizedTest
    @EnumSource
    void echoesEveryDatatypeInJson(Datatype datatype) throws Exception {
        Tensor input = random(datatype);
        String model = TestModels.echo(datatype);
        service.awaitModel(model);
        InferenceRequest request = new InferenceRequest(Optional.empty(), Map.of(), List.of(input), List.of(), false);
        Payload payload = RequestWriter.write(request, name -> false);
        Service.Answer answer = service.post("/v2/models/" + model + "/infer", bytes(payload));
        assertThat(answer.status()).as(new String(answer.body(), UTF_8)).isEqualTo(200);
        InferenceResponse response = new ResponseReader(ReaderLimits.DEFAULT).read(Payload.json(answer.body()));
        assertThat(response.outputs().getFirst().data()).isEqualTo(input.data());
    }

    @Test
    void acceptsARawBodyForASingleInput() {
        ByteBuffer raw = ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(1)
                .putFloat(2)
                .putFloat(3);
        Service.Answer answer = service.awaitModel(TestModels.echo(Datatype.FP32))
                .post(
                        "/v2/models/" + TestModels.echo(Datatype.FP32) + "/infer",
                        raw.array(),
                        "Inference-Header-Content-Length",
                        "0",
                        "Content-Type",
                        "application/octet-stream");
        assertThat(answer.status()).isEqualTo(200);
        byte[] body = answer.body();
        assertThat(Arrays.copyOfRange(body, body.length - 12, body.length)).isEqualTo(raw.array());
    }

    @Test
    void aBadRowFailsAlone() throws Exception {
        service.awaitModel(TestModels.PICK);
        List<CompletableFuture<Service.Answer>> answers = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            int index = i == 17 ? 99 : i % 3;
            var answer = new CompletableFuture<Service.Answer>();
            answers.add(answer);
            Thread.ofVirtual()
                    .start(() -> answer.complete(service.post(
                            "/v2/models/" + TestModels.PICK + "/infer",
                            "{\"inputs\":[{\"name\":\"index\",\"shape\":[1],\"datatype\":\"INT64\",\"data\":[" + index
                                    + "]}]}")));
        }
        for (int i = 0; i < 40; i++) {
            assertThat(answers.get(i).get().status()).isEqualTo(i == 17 ? 500 : 200);
        }
    }

    @Test
    void batchesOnlyEqualShapesOfAModelWithVariableDimensions() {
        service.awaitModel(TestModels.TOKENS);
        for (int length : new int[] {1, 5, 3, 5}) {
            String data = "7" + ",7".repeat(length - 1);
            String tensor = "\"shape\":[1," + length + "],\"datatype\":\"INT64\",\"data\":[" + data + "]}";
            JsonNode json = service.post(
                            "/v2/models/" + TestModels.TOKENS + "/infer",
                            "{\"inputs\":[{\"name\":\"ids\"," + tensor + ",{\"name\":\"mask\"," + tensor + "]}")
                    .json();
            assertThat(json.at("/outputs/0/shape").toString()).isEqualTo("[1," + length + "]");
            assertThat(json.at("/outputs/1/data").toString()).isEqualTo("[" + 49 * length + "]");
        }
    }

    private static String digits(String members) {
        return Digits.request(DigitsTable.load().heldOut().getFirst()).replaceFirst("\\{", "{" + members);
    }

    static Tensor random(Datatype datatype) {
        Shape shape = Shape.of(2, 3);
        Random random = new Random(7);
        ByteBuffer data = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < shape.elements(); i++) {
            switch (datatype) {
                case BOOL -> data.put((byte) random.nextInt(2));
                case INT8, UINT8 -> data.put((byte) random.nextInt());
                case INT16, UINT16 -> data.putShort((short) random.nextInt());
                case INT32, UINT32 -> data.putInt(random.nextInt());
                case INT64, UINT64 -> data.putLong(random.nextLong());
                case FP16 -> data.putShort(Float.floatToFloat16(random.nextFloat()));
                case BF16 -> data.putShort(Bfloat16.bits(random.nextFloat()));
                case FP32 -> data.putFloat(random.nextFloat());
                case FP64 -> data.putDouble(random.nextDouble());
                case BYTES -> data.putInt(4).put("höy".getBytes(UTF_8));
            }
        }
        return new Tensor("x", datatype, shape, data.flip());
    }

    private static byte[] bytes(Payload payload) {
        byte[] bytes = new byte[payload.bytes().remaining()];
        payload.bytes().duplicate().get(bytes);
        return bytes;
    }
}
