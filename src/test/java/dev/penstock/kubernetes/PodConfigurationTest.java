package dev.penstock.kubernetes;

import static dev.penstock.kubernetes.Manifests.nameOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.app.PenstockConfig;
import dev.penstock.ingress.IngressConfig;
import dev.penstock.tenants.TenantsConfig;
import dev.penstock.worker.WorkerConfig;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The configuration that the pods of each rendered folder get. */
final class PodConfigurationTest {
    /** What the closing of clients may take after everything else. */
    private static final Duration CLOSE = Duration.ofSeconds(5);

    @BeforeAll
    static void assumeKubectl() {
        Kustomize.assumeInstalled();
    }

    static Stream<Manifests> all() {
        return Rendered.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void theServiceAcceptsAllValues(Manifests manifests) {
        assertThat(manifests.of("Deployment")).hasSize(2).allSatisfy(role -> {
            PenstockConfig config = config(manifests, role).getConfigMapping(PenstockConfig.class);

            assertThat(config.roles().toString())
                    .isEqualToIgnoringCase("[" + nameOf(role).replace("penstock-", "") + "]");
            assertThat(config.kafka().bootstrapServers()).doesNotContain("localhost");
        });
    }

    /** A pod is killed when its grace period ends. Until then it must have answered, handed back and closed what it has. */
    @ParameterizedTest
    @MethodSource("all")
    void aPodHasTheTimeThatAStopMayTake(Manifests manifests) {
        assertThat(manifests.of("Deployment")).allSatisfy(role -> {
            SmallRyeConfig config = config(manifests, role);
            Duration stop = preStop(role)
                    .plus(config.getValue("quarkus.shutdown.delay", Duration.class))
                    .plus(config.getValue("quarkus.shutdown.timeout", Duration.class))
                    .plus(drain(role, config))
                    .plus(CLOSE);

            assertThat(Duration.ofSeconds(Manifests.pod(role)
                            .path("terminationGracePeriodSeconds")
                            .asLong()))
                    .as("grace period of " + nameOf(role))
                    .isGreaterThan(stop);
        });
    }

    private static Duration preStop(JsonNode role) {
        return Duration.ofSeconds(Manifests.containers(role)
                .mapToLong(container ->
                        container.at("/lifecycle/preStop/sleep/seconds").asLong())
                .max()
                .orElse(0));
    }

    private static Duration drain(JsonNode role, SmallRyeConfig config) {
        return nameOf(role).endsWith("worker")
                ? config.getConfigMapping(WorkerConfig.class).drainTimeout()
                : Duration.ZERO;
    }

    private static SmallRyeConfig config(Manifests manifests, JsonNode role) {
        Map<String, String> variables =
                manifests.environment(Manifests.containers(role).findFirst().orElseThrow());
        try {
            return new SmallRyeConfigBuilder()
                    .withMapping(PenstockConfig.class)
                    .withMapping(IngressConfig.class)
                    .withMapping(TenantsConfig.class)
                    .withMapping(WorkerConfig.class)
                    .withConverter(Duration.class, 200, new DurationConverter())
                    .withSources(
                            new EnvConfigSource(variables, 300),
                            new PropertiesConfigSource(
                                    Path.of("src/main/resources/application.properties")
                                            .toUri()
                                            .toURL(),
                                    250))
                    .build();
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }
}
