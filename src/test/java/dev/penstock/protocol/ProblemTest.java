package dev.penstock.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProblemTest {
    @Test
    void namesTheFieldAndTheRuleInJson() {
        Problem problem = Problem.of(new InvalidRequestException("inputs[0].shape", "must be [-1, 2], was [\"1\"]"));

        assertThat(new String(problem.toJson(), UTF_8))
                .contains("\"type\":\"tag:penstock.dev,2026:problem/invalid-request\"")
                .contains("\"status\":400")
                .contains("\"detail\":\"inputs[0].shape: must be [-1, 2], was [\\\"1\\\"]\"")
                .contains("\"error\":\"inputs[0].shape: must be [-1, 2], was [\\\"1\\\"]\"")
                .contains("\"field\":\"inputs[0].shape\"");
    }

    @ParameterizedTest
    @EnumSource
    void readsWhatItWrote(Problem.Kind kind) throws IOException {
        Problem problem = Problem.of(kind, "it broke")
                .with("id", "abc")
                .with("retry", true)
                .with("count", 3);

        assertThat(Problem.read(problem.toJson())).isEqualTo(problem);
        assertThat(URI.create(problem.type()).isAbsolute()).isTrue();
        assertThat(problem.is(kind)).isTrue();
    }

    @Test
    void truncatesQuotedInputBetweenCharacters() throws IOException {
        InvalidRequestException invalid =
                new InvalidRequestException("x".repeat(199) + "\ud83d\ude00", "must be known");

        assertThat(invalid.field()).isEqualTo("x".repeat(199) + "…");
        assertThat(Problem.read(Problem.of(invalid).toJson()).detail()).isEqualTo(invalid.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 200, 399, 600, 70_000})
    void refusesAStatusThatIsNotAnError(int status) {
        byte[] json = new Problem("about:blank", "Odd", status, "x", Map.of()).toJson();

        assertThatThrownBy(() -> Problem.read(json)).isInstanceOf(IOException.class);
    }

    @Test
    void refusesABodyThatIsNotAProblem() {
        assertThatThrownBy(() -> Problem.read("{\"type\":\"x\"}".getBytes(UTF_8)))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Problem.read("[]".getBytes(UTF_8))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Problem.read("{".getBytes(UTF_8))).isInstanceOf(IOException.class);
    }
}
