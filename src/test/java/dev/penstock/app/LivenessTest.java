package dev.penstock.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.threads.Fault;
import dev.penstock.threads.Faults;
import java.util.Map;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.junit.jupiter.api.Test;

class LivenessTest {
    private final Faults faults = new Faults("ingress");

    @Test
    void isUpWhileEveryThreadWorks() {
        assertThat(Liveness.response(true, faults.first()).getStatus()).isEqualTo(HealthCheckResponse.Status.UP);
    }

    @Test
    void isDownAndNamesTheFirstThreadThatFailed() {
        faults.accept(new Fault("penstock-replies", "Calls get no reply.", new IllegalStateException("a bug")));
        faults.accept(new Fault("penstock-models", "Models stay unnoticed.", new IllegalStateException("another")));

        HealthCheckResponse response = Liveness.response(true, faults.first());

        assertThat(response.getStatus()).isEqualTo(HealthCheckResponse.Status.DOWN);
        assertThat(response.getData()).contains(Map.of("thread", "penstock-replies failed: Calls get no reply."));
    }
}
