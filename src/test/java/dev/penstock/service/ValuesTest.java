package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.protocol.Datatype;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The values of tensors on their way through the whole service. */
@WholeService
class ValuesTest {
    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest();
    }

    @ParameterizedTest
    @EnumSource(names = {"FP16", "BF16", "FP32", "FP64"})
    void returnsMissingAndInfiniteValuesAsText(Datatype datatype) {
        assertThat(echo(datatype, "null,\"Infinity\",\"-Infinity\"")).isEqualTo("[\"NaN\",\"Infinity\",\"-Infinity\"]");
        assertThat(echo(datatype, "\"NaN\",-0.0,0.5")).isEqualTo("[\"NaN\",-0.0,0.5]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "INT64  | 7.0,1e+03,-0.0         | [7,1000,0]",
                "INT8   | 1.27e2,-128.0,10e-1    | [127,-128,1]",
                "UINT64 | 1.8446744073709551615e19,9223372036854775808.0,1e19 "
                        + "| [18446744073709551615,9223372036854775808,10000000000000000000]",
                "UINT16 | 65535.0,6e4,0          | [65535,60000,0]",
                "UINT32 | 4294967295.0,1e9,0     | [4294967295,1000000000,0]",
                "FP16   | 0.1,65519.9,1.00048828125 | [0.099975586,65504.0,1.0]",
                "BF16   | 0.1,3.39e38,-1          | [0.100097656,3.3895314E38,-1.0]",
            })
    void takesNumbersInAnyNotation(Datatype datatype, String given, String returned) {
        assertThat(echo(datatype, given)).isEqualTo(returned);
    }

    @Test
    void servesAModelWithMoreInputsThanAnyLimit() {
        service.awaitModel(TestModels.COLUMNS);
        String inputs = IntStream.range(0, 70)
                .mapToObj(i ->
                        "{\"name\":\"in%d\",\"shape\":[2,1],\"datatype\":\"FP32\",\"data\":[%d,null]}".formatted(i, i))
                .collect(Collectors.joining(",", "\"inputs\":[", "]"));
        String infer = "/v2/models/" + TestModels.COLUMNS + "/infer";

        Service.Answer answer = service.post(infer, "{" + inputs + "}");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().path("outputs")).hasSize(70);
        assertThat(answer.json().at("/outputs/69/data").toString()).isEqualTo("[69.0,\"NaN\"]");

        // Its answer is binary, so the status document is written anew.
        String location = service.post(
                        infer,
                        "{\"parameters\":{\"binary_data_output\":true}," + inputs + "}",
                        "Prefer",
                        "respond-async")
                .header("Location");
        JsonNode done = service.get(location, "Prefer", "wait=20").json();
        assertThat(done.path("status").asText()).isEqualTo("succeeded");
        assertThat(done.at("/response/outputs/69/data").toString()).isEqualTo("[69.0,\"NaN\"]");
    }

    @Test
    void returnsTheProbabilitiesOfAClassifierWithTheirLabels() {
        service.awaitModel(TestModels.CLASSES);

        JsonNode outputs = service.post(
                        "/v2/models/" + TestModels.CLASSES + "/infer",
                        "{\"inputs\":[{\"name\":\"x\",\"shape\":[2,2],\"datatype\":\"FP32\",\"data\":[3,1,-9,9]}]}")
                .json()
                .path("outputs");
        assertThat(outputs.at("/0/data").toString()).isEqualTo("[\"red\",\"green\"]");
        assertThat(outputs.at("/1/name").asText()).isEqualTo("probabilities");
        assertThat(outputs.at("/1/shape").toString()).isEqualTo("[2,3]");
        assertThat(outputs.at("/1/data/0").asDouble()).isBetween(0.88, 0.89);

        JsonNode declared =
                service.get("/v2/models/" + TestModels.CLASSES).json().at("/outputs/1");
        assertThat(declared.toString())
                .isEqualTo("{\"name\":\"probabilities\",\"datatype\":\"FP32\",\"shape\":[-1,3],"
                        + "\"parameters\":{\"labels\":[\"red\",\"green\",\"blue\"]}}");
    }

    @Test
    void refusesBeforeItRunsWhatCannotHaveAnAnswer() {
        Service.Answer refused = wide(20, false);

        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.header("Penstock-Request-Id")).isEmpty();
        assertThat(refused.json().path("error").asText())
                .isEqualTo(
                        "the answer must have at most 1048576 bytes (penstock.max-request-bytes), has at least 2400000; "
                                + "ask for fewer rows or outputs, or for the shorter binary form (\"binary_data_output\": true)");
        assertThat(wide(20, true).json().path("error").asText()).endsWith("ask for fewer rows or outputs");
    }

    @Test
    void saysWhichFormWouldHaveFitted() {
        Service.Answer tooLong = wide(5, false);

        assertThat(tooLong.status()).isEqualTo(413);
        assertThat(tooLong.header("Penstock-Request-Id")).isNotEmpty();
        assertThat(tooLong.json().path("error").asText()).contains("penstock.max-request-bytes", "binary_data_output");
        assertThat(wide(5, true).status()).isEqualTo(200);
    }

    private Service.Answer wide(int rows, boolean binary) {
        service.awaitModel(TestModels.WIDE);
        return service.post(
                "/v2/models/" + TestModels.WIDE + "/infer",
                "{\"parameters\":{\"binary_data_output\":%s},\"inputs\":[{\"name\":\"x\",\"shape\":[%d,1],\"datatype\":\"FP32\",\"data\":[%s]}]}"
                        .formatted(binary, rows, "0.1" + ",0.1".repeat(rows - 1)));
    }

    private String echo(Datatype datatype, String data) {
        String model = TestModels.echo(datatype);
        service.awaitModel(model);
        Service.Answer answer = service.post(
                "/v2/models/" + model + "/infer",
                "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"%s\",\"data\":[%s]}]}"
                        .formatted(datatype, data));
        return answer.status() == 200
                ? answer.json().at("/outputs/0/data").toString()
                : answer.json().toString();
    }
}
