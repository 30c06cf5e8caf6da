package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class DigitsCorpusTest {
    private final Corpus corpus = new DigitsCorpus(List.of(image(3), image(7)), new long[] {3, 7});

    @Test
    void namesEachRequestAfterTheIndexOfItsImage() throws IOException {
        JsonNode body = new ObjectMapper().readTree(corpus.body(5));

        assertThat(body.path("id").asText()).isEqualTo("5");
        assertThat(body.at("/inputs/0/name").asText()).isEqualTo("pixels");
        assertThat(body.at("/inputs/0/datatype").asText()).isEqualTo("FP32");
        assertThat(body.at("/inputs/0/shape").toString()).isEqualTo("[1,64]");
        assertThat(body.at("/inputs/0/data")).hasSize(64).allMatch(pixel -> pixel.asInt() == 7);
    }

    @Test
    void acceptsTheCorrectResponseInAnyMemberOrder() {
        assertThat(isAccepted(0, """
                        {"model_name":"digits","model_version":"1","id":"0","outputs":[
                          {"name":"digit","datatype":"INT64","shape":[1],"data":[3]},
                          {"name":"scores","datatype":"FP32","shape":[1,2],"data":[0.5,9]}]}""")).isTrue();
        assertThat(isAccepted(3, """
                        {"outputs":[{"data":[[1.5],[7]],"name":"scores","parameters":{"a":[7]}},
                          {"data":[7],"shape":[1],"name":"digit"}],"parameters":{"id":"4"},"id":"3"}""")).isTrue();
    }

    @Test
    void rejectsAnotherDigit() {
        assertThat(isAccepted(0, answer("0", "digit", "7"))).isFalse();
        assertThat(isAccepted(1, answer("1", "digit", "3"))).isFalse();
    }

    @Test
    void rejectsTheResponseToAnotherRequest() {
        assertThat(isAccepted(0, answer("2", "digit", "3"))).isFalse();
        assertThat(isAccepted(0, "{\"outputs\":[{\"name\":\"digit\",\"data\":[3]}]}"))
                .isFalse();
    }

    @Test
    void rejectsTextThatIsNotAResponse() {
        assertThat(isAccepted(0, answer("0", "scores", "3"))).isFalse();
        assertThat(isAccepted(0, "{\"id\":\"0\",\"outputs\":[{\"name\":\"digit\",\"data\":[]}]}"))
                .isFalse();
        assertThat(isAccepted(0, "{\"id\":\"0\",\"outputs\":[{\"name\":\"digit\",\"data\":[3"))
                .isFalse();
        assertThat(isAccepted(0, "{\"id\":\"0\",\"outputs\":3}")).isFalse();
        assertThat(isAccepted(0, "null")).isFalse();
        assertThat(isAccepted(0, "")).isFalse();
    }

    private boolean isAccepted(int index, String response) {
        return corpus.check(index, response.getBytes(UTF_8));
    }

    private static String answer(String id, String output, String digit) {
        return "{\"id\":\"%s\",\"outputs\":[{\"name\":\"%s\",\"data\":[%s]}]}".formatted(id, output, digit);
    }

    /** A row with equal pixels, and a label that is ignored. */
    private static String image(int pixel) {
        return String.join(",", Collections.nCopies(64, Integer.toString(pixel))) + ",9";
    }
}
