package dev.penstock.ingress.warmup;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OwnAddressTest {
    @ParameterizedTest
    @CsvSource({
        "0.0.0.0, http://127.0.0.1:8080",
        "::, http://127.0.0.1:8080",
        "::1, http://[::1]:8080",
        "10.1.2.3, http://10.1.2.3:8080",
        "localhost, http://localhost:8080"
    })
    void isReachedFromThisMachine(String host, String address) {
        assertThat(OwnAddress.of("http", host, 8080)).hasToString(address);
    }
}
