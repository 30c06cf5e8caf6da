package dev.penstock.ingress.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class GrpcTimeoutTest {
    @ParameterizedTest
    @CsvSource({"2H, PT2H", "3M, PT3M", "5S, PT5S", "250m, PT0.25S", "1500u, PT0.0015S", "99999999n, PT0.099999999S"})
    void readsEachUnit(String header, Duration timeout) throws Exception {
        assertThat(GrpcTimeout.read(header)).contains(timeout);
    }

    @Test
    void aCallWithoutOneHasNoDeadline() throws Exception {
        assertThat(GrpcTimeout.read(null)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "S", "-1S", "123456789m", "5s", "1.5S"})
    void refusesWhatIsNone(String header) {
        assertThatThrownBy(() -> GrpcTimeout.read(header)).hasMessageStartingWith("grpc-timeout: must be");
    }
}
