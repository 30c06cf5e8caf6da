package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.CheckedCalls;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AdmissionControlTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final AdmissionControl admission =
            new AdmissionControl(new Catalogue(1, () -> 0), Duration.ofSeconds(5), registry, () -> 0);

    @Test
    void refusesACallThatWaitedToBeReadForHalfOfItsTimeout() {
        admission.admit(call(Duration.ofMillis(110), Duration.ofMillis(90)));
        assertThatThrownBy(() -> admission.admit(call(Duration.ofMillis(90), Duration.ofMillis(110))))
                .isInstanceOfSatisfying(ProblemException.class, refusal -> {
                    assertThat(refusal.problem().is(Problem.Kind.CAPACITY)).isTrue();
                    assertThat(refusal.problem().detail()).contains("0.1 s", "0.2 s");
                    assertThat(refusal.retryAfterSeconds()).hasValue(1);
                });
        assertThat(registry.get("inference.rejected")
                        .tags("model", "m", "reason", "ingress")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void releasesThePlaceOfARequestThatItDoesNotAdmit() {
        AtomicInteger released = new AtomicInteger();
        admission.admit(call(Duration.ofMillis(110), Duration.ofMillis(90)), released::incrementAndGet);
        assertThat(released).hasValue(0);
        CheckedCall late = call(Duration.ofMillis(90), Duration.ofMillis(110));
        assertThatThrownBy(() -> admission.admit(late, released::incrementAndGet))
                .isInstanceOf(ProblemException.class);
        assertThat(released).hasValue(1);
    }

    private static CheckedCall call(Duration left, Duration waited) {
        return CheckedCalls.of(Tenant.anybody(Optional.empty()), 1, left, waited);
    }
}
