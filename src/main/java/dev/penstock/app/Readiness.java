package dev.penstock.app;

import dev.penstock.worker.Worker;
import java.time.Duration;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;

/** Whether each role of this process can do its work, and otherwise what is missing. */
@org.eclipse.microprofile.health.Readiness
final class Readiness implements HealthCheck {
    private final Roles roles;

    Readiness(Roles roles) {
        this.roles = roles;
    }

    @Override
    public HealthCheckResponse call() {
        boolean ingress = roles.maybeIngress().map(role -> role.isConnected()).orElse(true);
        boolean worker = roles.maybeWorker().map(role -> role.isReady()).orElse(true);
        Optional<Duration> kafkaLostFor = roles.kafkaLostFor();
        return HealthCheckResponse.named("penstock")
                .status(ingress && worker && kafkaLostFor.isEmpty())
                .withData(
                        "kafka",
                        kafkaLostFor
                                .map(silence -> "has not answered for " + silence.toSeconds() + " s")
                                .orElse("ready"))
                .withData(
                        "ingress",
                        roles.maybeIngress().isEmpty() ? "no role" : ingress ? "ready" : "not connected to Kafka")
                .withData(
                        "worker",
                        roles.maybeWorker().isEmpty()
                                ? "no role"
                                : worker
                                        ? "ready"
                                        : roles.maybeWorker()
                                                .map(Worker::missing)
                                                .orElse(""))
                .build();
    }
}
