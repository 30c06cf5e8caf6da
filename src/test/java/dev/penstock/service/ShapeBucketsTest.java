package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests of different lengths are padded to share runs. The responses do not show it. */
@WholeService
class ShapeBucketsTest {
    private static final String INFER = "/v2/models/" + TestModels.BUCKETS + "/infer";

    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel(TestModels.BUCKETS);
    }

    @Test
    void answersConcurrentRequestsOfAllLengths() throws Exception {
        List<CompletableFuture<Service.Answer>> answers = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            String request = request(length(i), length(i), i);
            CompletableFuture<Service.Answer> answer = new CompletableFuture<>();
            answers.add(answer);
            Thread.ofVirtual().start(() -> answer.complete(service.post(INFER, request)));
        }
        for (int i = 0; i < answers.size(); i++) {
            JsonNode json = answers.get(i).get().json();
            assertThat(json.at("/outputs/0/shape").toString()).isEqualTo("[1," + length(i) + "]");
            assertThat(json.at("/outputs/0/data").toString()).isEqualTo("[" + data(length(i), i) + "]");
            assertThat(json.at("/outputs/1/data").toString()).isEqualTo("[" + length(i) * i + "]");
        }
    }

    @Test
    void failsARequestWithDisagreeingInputsEvenIfPaddedToOneSize() {
        Service.Answer answer = service.post(INFER, request(3, 2, 1));

        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.json().path("detail").asText())
                .contains("input 'mask' of shape [1, 2] must agree with the other inputs on [sequence]");
    }

    /** Lengths in all buckets, and beyond the largest. */
    private static int length(int i) {
        return 1 + i % 20;
    }

    private static String request(int ids, int mask, int value) {
        return """
                {"inputs":[{"name":"ids","shape":[1,%d],"datatype":"INT64","data":[%s]},
                {"name":"mask","shape":[1,%d],"datatype":"INT64","data":[%s]}]}
                """.formatted(ids, data(ids, value), mask, data(mask, 1));
    }

    private static String data(int length, int value) {
        return String.join(
                ",",
                IntStream.range(0, length)
                        .mapToObj(i -> Integer.toString(value))
                        .toList());
    }
}
