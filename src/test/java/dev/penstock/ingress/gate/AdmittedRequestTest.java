package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AdmittedRequestTest {
    private final AtomicInteger released = new AtomicInteger();
    private final AdmittedRequest admitted = new AdmittedRequest(released::incrementAndGet, 0);

    @Test
    void releasesItsPlaceWhenKafkaDoesNotHaveIt() {
        admitted.refused();
        assertThat(released).hasValue(1);
    }

    @Test
    void keepsItsPlaceWhenKafkaHasIt() {
        admitted.accepted();
        assertThat(released).hasValue(0);
    }

    @Test
    void keepsItsPlaceWhenKafkaMayHaveIt() {
        admitted.inDoubt();
        assertThat(released).hasValue(0);
    }

    @ParameterizedTest
    @MethodSource("settlements")
    void isSettledOnlyOnce(Consumer<AdmittedRequest> settlement) {
        settlement.accept(admitted);
        int before = released.get();
        assertThatIllegalStateException().isThrownBy(admitted::refused).withMessageContaining("settled twice");
        assertThat(released).hasValue(before);
    }

    private static Stream<Consumer<AdmittedRequest>> settlements() {
        return Stream.of(AdmittedRequest::accepted, AdmittedRequest::refused, AdmittedRequest::inDoubt);
    }
}
