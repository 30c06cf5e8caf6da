package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.negotiation.ContentCoding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bodies in gzip and deflate, in both directions, by curl. */
@WholeService
class CompressionTest {
    private static final String WIDE = "/v2/models/" + TestModels.WIDE + "/infer";
    private static final String ROW =
            "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,1],\"datatype\":\"FP32\",\"data\":[3]}]}";

    @TempDir
    private Path folder;

    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel("digits").awaitModel(TestModels.WIDE);
    }

    @ParameterizedTest
    @EnumSource
    void takesAPackedBody(ContentCoding coding) throws Exception {
        Curl.Answer answer = post(BadInput.INFER, coding, GoodInput.body());

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json())
                .isEqualTo(service.post(BadInput.INFER, GoodInput.body()).json());
    }

    @Test
    void countsTheLengthOfTheJsonPartUnpacked() throws Exception {
        String json = "{\"inputs\":[{\"name\":\"pixels\",\"shape\":[1,64],\"datatype\":\"FP32\","
                + "\"parameters\":{\"binary_data_size\":256}}]}";
        byte[] body = BadInput.join(json.getBytes(UTF_8), new byte[256]);

        Curl.Answer answer = post(
                BadInput.INFER, ContentCoding.GZIP, body, "-H", "Inference-Header-Content-Length: " + json.length());

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }

    @Test
    void refusesABodyThatIsTooLongOnceItIsUnpacked() throws Exception {
        byte[] spaces = " ".repeat(1_048_577).getBytes(UTF_8);

        Curl.Answer bomb = post(BadInput.INFER, ContentCoding.GZIP, spaces);

        assertThat(bomb.status()).isEqualTo(413);
        assertThat(bomb.json().path("error").asText()).contains("penstock.ingress.max-unpacking-ratio");
        assertThat(post("/v2/repository/index", ContentCoding.GZIP, spaces).status())
                .isEqualTo(413);
    }

    @Test
    void saysWhichCodingsItTakes() throws Exception {
        Curl.Answer answer = Curl.call(BadInput.INFER, "-d", "{}", "-H", "Content-Encoding: br");

        assertThat(answer.status()).isEqualTo(415);
        assertThat(answer.header("Accept-Encoding")).isEqualTo("gzip, deflate");
    }

    @ParameterizedTest
    @EnumSource
    void packsALongAnswerForAClientThatAsksForIt(ContentCoding coding) throws Exception {
        Curl.Answer plain = Curl.call(WIDE, "-d", ROW);
        Curl.Answer packed = Curl.call(WIDE, "-d", ROW, "--compressed", "-H", "Accept-Encoding: " + coding.label());

        assertThat(packed.header("Content-Encoding")).isEqualTo(coding.label());
        assertThat(packed.header("Vary")).isEqualTo("Accept-Encoding, Origin");
        assertThat(Integer.parseInt(packed.header("Content-Length")))
                .isLessThan(plain.body().length() * 2 / 3);
        assertThat(packed.json()).isEqualTo(plain.json());
        assertThat(plain.header("Content-Encoding")).isEmpty();
        assertThat(plain.header("Vary")).isEqualTo("Accept-Encoding, Origin");
    }

    @Test
    void packsTheAnswerToAPoll() throws Exception {
        String location =
                Curl.call(WIDE, "-d", ROW, "-H", "Prefer: respond-async").header("Location");

        Curl.Answer packed = Curl.call(location, "--compressed", "-H", "Prefer: wait=30");

        assertThat(packed.header("Content-Encoding")).isEqualTo("gzip");
        assertThat(packed.json().path("status").asText()).isEqualTo("succeeded");
        assertThat(packed.json().at("/response/outputs/0/data")).hasSize(30_000);
    }

    @Test
    void sendsAShortAnswerAsItIs() throws Exception {
        Curl.Answer answer = Curl.call(BadInput.INFER, "--compressed", "-d", new String(GoodInput.body(), UTF_8));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Encoding")).isEmpty();
        assertThat(answer.header("Vary")).isEqualTo("Origin");
    }

    private Curl.Answer post(String path, ContentCoding coding, byte[] body, String... options)
            throws IOException, InterruptedException {
        Path packed = Files.write(folder.resolve("packed"), coding.pack(body));
        String[] all = new String[options.length + 4];
        System.arraycopy(options, 0, all, 4, options.length);
        all[0] = "--data-binary";
        all[1] = "@" + packed;
        all[2] = "-H";
        all[3] = "Content-Encoding: " + coding.label();
        return Curl.call(path, all);
    }
}
