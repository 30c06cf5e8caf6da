package dev.penstock.ingress.submit;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.gate.AdmittedRequest;
import dev.penstock.ingress.gate.Place;
import org.junit.jupiter.api.Test;

class RequestPublisherTest {
    private final AdmittedRequest admitted = new AdmittedRequest(Place.UNLIMITED, 0);

    @Test
    void acceptsWhatKafkaHasAcknowledged() {
        assertThatCode(() -> RequestPublisher.settle(admitted, Publication.ACKNOWLEDGED))
                .doesNotThrowAnyException();
    }

    @Test
    void saysThatWhatWasNeverSentWasNotAccepted() {
        assertThatThrownBy(() -> RequestPublisher.settle(admitted, Publication.NOT_SENT))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("was not accepted");
    }

    @Test
    void saysThatWhatWasNotAcknowledgedMayRun() {
        assertThatThrownBy(() -> RequestPublisher.settle(admitted, Publication.IN_DOUBT))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("may or may not run");
    }
}
