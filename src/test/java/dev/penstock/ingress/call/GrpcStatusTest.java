package dev.penstock.ingress.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Problem;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class GrpcStatusTest {
    @ParameterizedTest
    @CsvSource({
        "INVALID_REQUEST, INVALID_ARGUMENT",
        "UNAUTHENTICATED, UNAUTHENTICATED",
        "FORBIDDEN, PERMISSION_DENIED",
        "NOT_FOUND, NOT_FOUND",
        "CANCELLED, CANCELLED",
        "PAYLOAD_TOO_LARGE, INVALID_ARGUMENT",
        "IDEMPOTENCY_KEY_REUSED, FAILED_PRECONDITION",
        "QUOTA, RESOURCE_EXHAUSTED",
        "INFERENCE_FAILED, INTERNAL",
        "CAPACITY, UNAVAILABLE",
        "UNAVAILABLE, UNAVAILABLE",
        "DEADLINE_EXCEEDED, DEADLINE_EXCEEDED",
    })
    void isTheOneThatTritonsClientsExpect(Problem.Kind kind, Status.Code code) {
        assertThat(GrpcStatus.of(Problem.of(kind, "because"))).isEqualTo(code.value());
    }

    @ParameterizedTest
    @EnumSource(Problem.Kind.class)
    void noProblemIsOk(Problem.Kind kind) {
        assertThat(GrpcStatus.of(Problem.of(kind, "because"))).isPositive();
    }

    @Test
    void aMessageIsPercentEncoded() {
        assertThat(GrpcStatus.message("50 % of höy\n")).isEqualTo("50 %25 of h%C3%B6y%0A");
    }
}
