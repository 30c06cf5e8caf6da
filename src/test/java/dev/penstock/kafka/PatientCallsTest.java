package dev.penstock.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class PatientCallsTest {
    private final PatientCalls calls = new PatientCalls();
    private final AtomicBoolean isFirst = new AtomicBoolean(true);

    @Test
    void triesAgainUntilKafkaAnswersAndSaysWhyItWaits() throws Exception {
        String answer = calls.untilDone("Kafka", () -> {
            failAtFirst(new ExecutionException(new TimeoutException("no broker answers")));
            assertThat(calls.waitsFor()).contains("Kafka: no broker answers");
            return "here";
        });
        assertThat(answer).isEqualTo("here");
        assertThat(calls.waitsFor()).isEmpty();
    }

    @Test
    void triesAgainWhatFailsWithoutAnAnswer() throws Exception {
        String answer = calls.untilDone("Kafka", () -> {
            failAtFirst(new TimeoutException("no broker answers"));
            return "here";
        });
        assertThat(answer).isEqualTo("here");
    }

    @Test
    void doesNotTryAgainWhatTheBrokerRefuses() {
        assertThatThrownBy(() -> calls.untilDone("Kafka", () -> {
                    failAtFirst(new ExecutionException(new SaslAuthenticationException("wrong password")));
                    return "here";
                }))
                .isInstanceOf(BadConnectionException.class)
                .hasMessageContaining("wrong password");
    }

    @Test
    void doesNotTryAgainWhatABugBroke() {
        assertThatThrownBy(() -> calls.untilDone("Kafka", () -> {
                    failAtFirst(new IllegalStateException("a bug"));
                    return "here";
                }))
                .isInstanceOf(IllegalStateException.class);
    }

    private void failAtFirst(Exception failure) throws Exception {
        if (isFirst.getAndSet(false)) {
            throw failure;
        }
    }
}
