package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.codec.ResponseWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkloadCorpusTest {

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void acceptsOnlyTheCorrectResponseToItsRequest(boolean binary) throws Exception {
        Workload digits = Workload.named("digits");
        WorkloadCorpus corpus = new WorkloadCorpus(digits, binary);
        assertThat(corpus.isBinary()).isEqualTo(binary);
        float[] first = new RawSession(digits, 1).answer(digits.inputs().draw(new Random(2)));

        byte[] right = response("00000000", first);
        first[3] *= 1.01f;
        byte[] wrong = response("00000000", first);
        first[3] = Float.NaN;

        assertThat(corpus.check(0, right)).isTrue();
        assertThat(corpus.check(1, right)).as("another request's id").isFalse();
        assertThat(corpus.check(corpus.size(), right))
                .as("the same input, another id")
                .isFalse();
        assertThat(corpus.check(0, wrong)).isFalse();
        assertThat(corpus.check(0, response("00000000", first))).isFalse();
        assertThat(corpus.check(0, new byte[3])).isFalse();
    }

    @Test
    void acceptsOnlyTheCorrectResponseInJson() throws Exception {
        Workload digits = Workload.named("digits");
        WorkloadCorpus corpus = WorkloadCorpus.inJson(digits);
        float[] first = new RawSession(digits, 1).answer(digits.inputs().draw(new Random(2)));

        assertThat(new String(corpus.body(0), US_ASCII)).contains("\"binary_data\":false");
        assertThat(corpus.check(0, inJson("00000000", first))).isTrue();
        assertThat(corpus.check(1, inJson("00000000", first)))
                .as("another request's id")
                .isFalse();
        assertThat(corpus.check(0, inJson("00000000", Arrays.copyOf(first, 9))))
                .as("an element less")
                .isFalse();
        first[3] *= 1.01f;
        assertThat(corpus.check(0, inJson("00000000", first))).isFalse();
        assertThat(corpus.check(0, new byte[3])).isFalse();
    }

    private static byte[] inJson(String id, float[] scores) {
        return "{\"id\":\"%s\",\"outputs\":[{\"data\":%s}]}"
                .formatted(id, Arrays.toString(scores))
                .getBytes(US_ASCII);
    }

    @Test
    void namesEachRequestAndKeepsTheJsonLength() throws Exception {
        WorkloadCorpus corpus = new WorkloadCorpus(Workload.named("digits"), true);

        assertThat(Stream.of(0, 7, 1_234_567).map(i -> json(corpus, i)))
                .allSatisfy(json -> assertThat(json).startsWith("{\"id\":\"").endsWith("}"));
        assertThat(json(corpus, 1_234_567)).startsWith("{\"id\":\"01234567\"");
        assertThat(corpus.isBinary()).isTrue();
    }

    @Test
    void theOneByOneCopyLimitsTheBatchSizeAndKeepsTheRest() {
        assertThat(BatchingBench.oneByOne("# about\nmax_batch_size: 64\npreferred_batch_sizes: [8]\ntimeout: 2s\n"))
                .isEqualTo("# about\ntimeout: 2s\nmax_batch_size: 1\n");
    }

    private static String json(WorkloadCorpus corpus, int i) {
        return new String(corpus.body(i), 0, corpus.jsonLength(), US_ASCII);
    }

    private static byte[] response(String id, float[] scores) throws Exception {
        ByteBuffer data = ByteBuffer.allocate(scores.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(scores);
        Tensor output = new Tensor("scores", Datatype.FP32, Shape.of(1, scores.length), data);
        ByteBuffer bytes = ResponseWriter.write(
                        new InferenceResponse("digits", "1", Optional.of(id), Map.of(), List.of(output)),
                        name -> true,
                        NonFinite.TEXT)
                .bytes();
        byte[] array = new byte[bytes.remaining()];
        bytes.get(array);
        return array;
    }
}
