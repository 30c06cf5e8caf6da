package dev.penstock.ledger.drive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

final class InputsTest {
    @Test
    void hasDifferentDigits() throws Exception {
        Inputs digits = Inputs.digits();

        assertThat(new HashSet<>(digits.bodies())).hasSize(64);
        JsonNode body = HttpReader.json(new String(digits.body(63, "run-1"), UTF_8));
        assertThat(body.path("id").asText()).isEqualTo("run-1");
        assertThat(body.at("/inputs/0/data")).hasSize(64);
    }

    @Test
    void makesInputsForTheSignatureOfAModel() throws Exception {
        Inputs inputs = Inputs.generated(HttpReader.json("""
                {"inputs":[{"name":"a","datatype":"INT64","shape":[-1,3]},{"name":"b","datatype":"BOOL","shape":[-1]}]}"""));

        assertThat(new HashSet<>(inputs.bodies())).hasSizeGreaterThan(60);
        JsonNode body = HttpReader.json(new String(inputs.body(0, "run-1"), UTF_8));
        assertThat(body.at("/inputs/0/shape").toString()).isEqualTo("[1,3]");
        assertThat(body.at("/inputs/0/data")).hasSize(3);
        assertThat(body.at("/inputs/1/data/0").isBoolean()).isTrue();
    }

    @Test
    void rejectsAModelThatItCannotMakeInputsFor() {
        assertThatThrownBy(() -> Inputs.generated(HttpReader.json("""
                {"inputs":[{"name":"text","datatype":"BYTES","shape":[-1]}]}""")))
                .hasMessage("inputs must be numbers or BOOL, input text is BYTES");
        assertThatThrownBy(() -> Inputs.generated(HttpReader.json("{}")))
                .hasMessageStartingWith("the model must have inputs");
    }
}
