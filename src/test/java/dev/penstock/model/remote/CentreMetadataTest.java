package dev.penstock.model.remote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.Batching;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CentreMetadataTest {
    private static final String TENSORS = """
            "inputs":[{"name":"ids","datatype":"INT64","shape":[-1,-1]},{"name":"weights","datatype":"FP32","shape":[3]}],
            "outputs":[{"name":"scores","datatype":"FP32","shape":[-1,2],"parameters":{"labels":["no","yes"]}}]""";
    private static final String OF_A_PENSTOCK =
            ",\"properties\":{\"batching\":\"batched\",\"shared_inputs\":\"weights\"}";

    @Test
    void aPenstockSaysWhichInputsHaveRows() throws Exception {
        Signature signature = signature(metadata(TENSORS + OF_A_PENSTOCK), Batching.PROVEN);

        assertThat(signature.mode().isOneByOne()).isFalse();
        assertThat(signature.inputs()).extracting(TensorSpec::hasRows).containsExactly(true, false);
        assertThat(signature.inputs().getFirst().shape()).isEqualTo(Shape.of(-1, -1));
        assertThat(signature.outputs()).singleElement().satisfies(scores -> {
            assertThat(scores.datatype()).isEqualTo(Datatype.FP32);
            assertThat(scores.hasRows()).isTrue();
            assertThat(scores.labels()).containsExactly("no", "yes");
        });
    }

    @Test
    void requestsShareRunsOfAnotherServerOnlyWhereModelYamlSaysSo() throws Exception {
        String json = metadata("""
                "inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],
                "outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]}]""");

        assertThat(signature(json, Batching.PROVEN).mode().isOneByOne()).isTrue();
        assertThat(signature(json, Batching.PROVEN).mode().reason()).contains("batching: trusted");
        assertThat(signature(json, Batching.TRUSTED).mode().isOneByOne()).isFalse();
        assertThat(signature(json, Batching.TRUSTED).inputs().getFirst().hasRows())
                .isTrue();
    }

    @Test
    void requestsDoNotShareRunsWhereTheCentreSaysThatTheyMayNot() throws Exception {
        String json = metadata("""
                "inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],
                "outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]}],
                "properties":{"batching":"one by one"}""");

        assertThat(signature(json, Batching.TRUSTED).mode().isOneByOne()).isTrue();
    }

    @Test
    void requestsDoNotShareRunsWhereAnOutputHasNoRows() throws Exception {
        String json = metadata("""
                "inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],
                "outputs":[{"name":"y","datatype":"FP32","shape":[2]}]""");

        Signature signature = signature(json, Batching.TRUSTED);

        assertThat(signature.mode().isOneByOne()).isTrue();
        assertThat(signature.inputs().getFirst().hasRows()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no JSON",
                "{\"name\":\"other\",\"inputs\":[],\"outputs\":[]}",
                "{\"name\":\"ranker\",\"outputs\":[]}",
                "{\"name\":\"ranker\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-2]}],\"outputs\":[]}",
                "{\"name\":\"ranker\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[\"a\"]}],\"outputs\":[]}"
            })
    void whatIsNoDescriptionOfTheModelIsNotTakenForOne(String json) {
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> signature(json, Batching.PROVEN));
    }

    @Test
    void aDatatypeThatTheProtocolDoesNotHaveIsRefused() {
        String json = metadata("\"inputs\":[{\"name\":\"x\",\"datatype\":\"COMPLEX\",\"shape\":[1]}],\"outputs\":[]");

        assertThatExceptionOfType(ModelRefusedException.class)
                .isThrownBy(() -> signature(json, Batching.PROVEN))
                .withMessageContaining("declares 'x' as 'COMPLEX'");
    }

    private static String metadata(String members) {
        return "{\"name\":\"ranker\"," + members + "}";
    }

    private static Signature signature(String json, Batching batching) throws IOException, ModelRefusedException {
        return CentreMetadata.signature(json.getBytes(UTF_8), "ranker", batching);
    }
}
