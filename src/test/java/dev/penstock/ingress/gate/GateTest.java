package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.ingress.call.Call;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.LoopLag;
import dev.penstock.ingress.call.Refusal;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GateTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Gate gate = new Gate(new Catalogue(1, () -> 0), Duration.ofSeconds(5), registry, () -> 0);

    @Test
    void refusesWhatHasWaitedHalfOfItsTimeToBeRead() {
        gate.admit(call(Duration.ofMillis(110), Duration.ofMillis(90)), false);
        assertThatThrownBy(() -> gate.admit(call(Duration.ofMillis(90), Duration.ofMillis(110)), false))
                .isInstanceOfSatisfying(Refusal.class, refusal -> {
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

    private static CheckedCall call(Duration left, Duration waited) {
        Call call = new Call(
                Tenant.anonymous(Optional.empty()),
                "m",
                Optional.empty(),
                Payload.json(new byte[0]),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new LoopLag());
        return new CheckedCall(call, 1, Lane.INTERACTIVE, left, waited);
    }
}
