package dev.penstock.app;

import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;

/** Whether each role of this process can do its work, and otherwise what is missing. */
@org.eclipse.microprofile.health.Readiness
final class Readiness implements HealthCheck {
    private static final String READY = "ready";
    private static final String STARTING = "starting";
    private static final String NO_ROLE = "no role";

    private final Roles roles;

    Readiness(Roles roles) {
        this.roles = roles;
    }

    @Override
    public HealthCheckResponse call() {
        String kafka = roles.kafkaLostFor()
                .map(silence -> "has not answered for " + silence.toSeconds() + " s")
                .or(() -> roles.startWaitsFor().map(missing -> "waits for: " + missing))
                .orElse(READY);
        String ingress = ingress();
        String worker = worker();
        return HealthCheckResponse.named("penstock")
                .status(kafka.equals(READY) && isReady(ingress) && isReady(worker))
                .withData("kafka", kafka)
                .withData("ingress", ingress)
                .withData("worker", worker)
                .build();
    }

    private String ingress() {
        if (roles.isIngressWarmUpAwaited()) {
            return "warms up";
        }
        return roles.isIngressStarting()
                ? STARTING
                : roles.maybeIngress()
                        .map(role -> role.isConnected() ? READY : "not connected to Kafka")
                        .orElse(NO_ROLE);
    }

    private String worker() {
        return roles.maybeWorker()
                .map(role -> role.isStarting() ? STARTING : role.missing().orElse(READY))
                .orElse(NO_ROLE);
    }

    private static boolean isReady(String role) {
        return role.equals(READY) || role.equals(NO_ROLE);
    }
}
