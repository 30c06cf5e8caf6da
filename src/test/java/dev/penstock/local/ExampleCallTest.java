package dev.penstock.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ExampleCallTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String HTTP = "http://localhost:8080";

    @Test
    void typesFewElements() throws IOException {
        assertThat(
                        example(
                                "{'name':'m.v1','inputs':[{'name':'x','datatype':'FP32','shape':[-1,3]},"
                                        + "{'name':'it\\u0027s','datatype':'BYTES','shape':[]},{'name':'b','datatype':'BOOL','shape':[2]}]}"))
                .isEqualTo("curl -s localhost:8080/v2/models/m.v1/infer -d '{\"inputs\":["
                        + "{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,3],\"data\":[0,0,0]},"
                        + "{\"name\":\"it'\\''s\",\"datatype\":\"BYTES\",\"shape\":[],\"data\":[\"text\"]},"
                        + "{\"name\":\"b\",\"datatype\":\"BOOL\",\"shape\":[2],\"data\":[false,false]}]}'");
    }

    @Test
    void letsTheShellCountManyElements() throws Exception {
        String call = example("{'name':'image','inputs':[{'name':'x','datatype':'FP32','shape':[-1,3,224,224]},"
                + "{'name':'t','datatype':'BYTES','shape':[-1]}]}");

        assertThat(call).endsWith(" | curl -s localhost:8080/v2/models/image/infer -d @-");
        JsonNode body = JSON.readTree(shell(call.replaceFirst("curl .*", "cat")));
        assertThat(body.at("/inputs/0/shape").toString()).isEqualTo("[1,3,224,224]");
        assertThat(body.at("/inputs/0/data"))
                .hasSize(3 * 224 * 224)
                .allMatch(element -> element.asText().equals("0"));
        assertThat(body.at("/inputs/1/data").toString()).isEqualTo("[\"text\"]");
    }

    @Test
    void callsASampleModelWithWhatMeansSomething() throws IOException {
        assertThat(example("{'name':'digits','inputs':[{'name':'pixels','datatype':'FP32','shape':[-1,64]}]}"))
                .endsWith("-d @docs/examples/seven.json");
        assertThat(example("{'name':'churn','inputs':[{'name':'customer_id','datatype':'INT64','shape':[-1]}]}"))
                .contains("\"data\":[7,16]");
        assertThat(example("{'name':'digits','inputs':[{'name':'other','datatype':'FP32','shape':[-1,2]}]}"))
                .contains("\"data\":[0,0]");
    }

    private static String example(String metadata) throws IOException {
        return ExampleCall.of(HTTP, JSON.readTree(metadata.replace('\'', '"')));
    }

    private static String shell(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-c", command).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).isZero();
        return output;
    }
}
