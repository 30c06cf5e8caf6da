package dev.penstock.app;

import dev.penstock.ingress.Ingress;
import dev.penstock.threads.Fault;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;

/** Whether the process runs as it should: a restart helps only when a bug has ended a thread. Never depends on Kafka or Redis. */
@org.eclipse.microprofile.health.Liveness
final class Liveness implements HealthCheck {
    private final Roles roles;

    Liveness(Roles roles) {
        this.roles = roles;
    }

    @Override
    public HealthCheckResponse call() {
        boolean ingress = roles.maybeIngress().map(Ingress::isSound).orElse(true);
        boolean worker = roles.maybeWorker().map(WorkerRole::isSound).orElse(true);
        return response(ingress && worker, roles.fault());
    }

    static HealthCheckResponse response(boolean areRolesSound, Optional<Fault> fault) {
        HealthCheckResponseBuilder response =
                HealthCheckResponse.named("penstock").status(areRolesSound && fault.isEmpty());
        fault.ifPresent(first -> response.withData("thread", first.thread() + " failed: " + first.consequence()));
        return response.build();
    }
}
