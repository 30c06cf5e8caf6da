package dev.penstock.ingress.negotiation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Problem;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorFormTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "*/*",
                "application/*",
                "application/json",
                "text/html, */*;q=0.8",
                "application/problem+json;q=0",
                "application/json, application/problem+json;q=0.9",
                "application/problem+xml",
                ""
            })
    void isTheProtocolsOwnUnlessAskedOtherwise(String accept) {
        assertThat(ErrorForm.of(List.of(accept))).isEqualTo(ErrorForm.V2);
        assertThat(ErrorForm.of(List.of())).isEqualTo(ErrorForm.V2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/problem+json",
                "Application/Problem+JSON; charset=utf-8",
                "application/json, application/problem+json",
                "application/json;q=0.5, application/problem+json ; q=0.6",
                "text/event-stream, application/problem+json;q=broken"
            })
    void isAProblemDocumentForWhoAsksForIt(String accept) {
        assertThat(ErrorForm.of(List.of(accept))).isEqualTo(ErrorForm.PROBLEM);
        assertThat(ErrorForm.of(List.of("text/plain", accept))).isEqualTo(ErrorForm.PROBLEM);
    }

    @Test
    void writesOneMemberInTheProtocolsForm() {
        Problem problem = Problem.of(Problem.Kind.NOT_FOUND, "no \"x\"").with("id", "7");

        assertThat(new String(ErrorForm.V2.write(problem), UTF_8)).isEqualTo("{\"error\":\"no \\\"x\\\"\"}");
        assertThat(new String(ErrorForm.PROBLEM.write(problem), UTF_8)).contains("\"id\":\"7\"", "\"status\":404");
    }
}
