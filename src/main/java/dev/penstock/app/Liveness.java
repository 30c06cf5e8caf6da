package dev.penstock.app;

import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;

/** Whether a restart would help: only when a bug has stopped a part. Never depends on Kafka or Redis. */
@org.eclipse.microprofile.health.Liveness
final class Liveness implements HealthCheck {
    private final Roles roles;

    Liveness(Roles roles) {
        this.roles = roles;
    }

    @Override
    public HealthCheckResponse call() {
        boolean sound = roles.maybeWorker().map(role -> role.isSound()).orElse(true);
        return HealthCheckResponse.named("penstock").status(sound).build();
    }
}
