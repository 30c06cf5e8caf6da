package dev.penstock.ingress.negotiation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.protocol.InvalidRequestException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreferenceTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "respond-async            | true  | 0",
                "respond-async, wait=10   | true  | 10",
                "Respond-Async;foo=bar    | true  | 0",
                "wait = 5                 | false | 5",
                "wait=\"7\"               | false | 7",
                "wait=3600                | false | 60",
                "handling=lenient, wait=1 | false | 1",
                "waiting=5                | false | 0"
            })
    void readsEveryFormThatRfc7240Allows(String header, boolean respondAsync, int seconds)
            throws InvalidRequestException {
        assertThat(Preference.parse(List.of(header)))
                .isEqualTo(new Preference(respondAsync, Duration.ofSeconds(seconds)));
    }

    @Test
    void joinsSeveralHeaders() throws InvalidRequestException {
        assertThat(Preference.parse(List.of("respond-async", "wait=2")))
                .isEqualTo(new Preference(true, Duration.ofSeconds(2)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"wait", "wait=", "wait=-1", "wait=1.5", "wait=soon", "wait=99999999999"})
    void rejectsAWaitThatIsNotANumberOfSeconds(String header) {
        assertThatThrownBy(() -> Preference.parse(List.of(header)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("Prefer: wait must be a whole number of seconds");
    }
}
