package dev.penstock.app;

import static dev.penstock.app.Deployment.container;
import static dev.penstock.app.Deployment.elements;
import static dev.penstock.app.Deployment.kustomization;
import static dev.penstock.app.Deployment.pod;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.ingress.IngressConfig;
import dev.penstock.tenants.TenantsConfig;
import dev.penstock.worker.WorkerConfig;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.common.utils.StringUtil;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The deployment files must agree with the service and with each other. */
final class DeploymentFilesTest {
    private static final Path MONITORING = Path.of("kubernetes/monitoring");
    private static final Properties APPLICATION = applicationProperties();
    private static final String HTTP_PORT = APPLICATION.getProperty("quarkus.http.port");
    private static final String MANAGEMENT_PORT = APPLICATION.getProperty("quarkus.management.port");

    @Test
    void everyVariableNamesAConfigurationKey() {
        Stream<String> variables = Stream.concat(
                Deployment.imageVariables(),
                Deployment.environments().values().stream().flatMap(variable -> variable.keySet().stream()));

        assertThat(variables.filter(variable -> variable.startsWith("PENSTOCK_") || variable.startsWith("QUARKUS_")))
                .isNotEmpty()
                .isSubsetOf(variablesOfKeys());
    }

    @Test
    void theServiceAcceptsAllValues() {
        Deployment.environments().forEach((where, variables) -> {
            PenstockConfig config = config(variables).getConfigMapping(PenstockConfig.class);
            PenstockConfig.Role role =
                    where.endsWith("ingress") ? PenstockConfig.Role.INGRESS : PenstockConfig.Role.WORKER;

            assertThat(config.roles()).as(where).containsExactly(role);
            assertThat(config.kafka().bootstrapServers()).as(where).isNotEqualTo("localhost:9092");
        });
    }

    @Test
    void kubernetesRequiresKeys() {
        TenantsConfig kubernetes = tenants("kubernetes, ingress");
        assertThat(kubernetes.identity()).isEqualTo(TenantsConfig.Identity.API_KEY);
        assertThat(kubernetes.allowAnonymous()).isFalse();
        assertThat(elements(container("ingress").path("volumeMounts"))
                        .map(mount -> Path.of(mount.path("mountPath").asText())))
                .contains(kubernetes.file().orElseThrow().getParent());
        assertThat(pod("ingress").findValue("defaultMode").asInt())
                .as("file mode, readable for all users")
                .isEqualTo(0444);
    }

    private static TenantsConfig tenants(String where) {
        return config(Objects.requireNonNull(Deployment.environments().get(where)))
                .getConfigMapping(TenantsConfig.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ingress", "worker"})
    void probesUseTheManagementPort(String role) {
        assertThat(Stream.of("startup", "liveness", "readiness")
                        .map(probe -> container(role)
                                .at("/" + probe + "Probe/httpGet/port")
                                .asText()))
                .containsOnly(MANAGEMENT_PORT);
    }

    @Test
    void theIngressServiceTargetsTheHttpPort() {
        assertThat(Deployment.manifest("ingress", "Service")
                        .at("/spec/ports/0/targetPort")
                        .asText())
                .isEqualTo(HTTP_PORT);
        assertThat(elements(container("ingress").path("ports"))
                        .map(port -> port.path("containerPort").asText()))
                .containsExactlyInAnyOrder(HTTP_PORT, MANAGEMENT_PORT);
    }

    @Test
    void podsHaveTimeToDrain() {
        long drainSeconds = config(Map.of())
                .getConfigMapping(WorkerConfig.class)
                .drainTimeout()
                .toSeconds();

        assertThat(Deployment.patched("/spec/template/spec/terminationGracePeriodSeconds")
                        .asLong())
                .isGreaterThan(drainSeconds + 10);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ingress", "worker"})
    void podsRunAsTheImagesUser(String role) {
        JsonNode security = pod(role).path("securityContext");

        assertThat(security.path("runAsUser").asText() + ":"
                        + security.path("runAsGroup").asText())
                .isEqualTo(Deployment.instruction("USER"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ingress", "worker"})
    void everyObjectThatAPodNamesExists(String role) {
        assertThat(container(role).at("/envFrom/0/configMapRef/name"))
                .isEqualTo(kustomization().at("/configMapGenerator/0/name"));
        assertThat(elements(kustomization().path("images"))
                        .map(image -> image.path("name").asText()))
                .contains(container(role).path("image").asText().replaceFirst(":.*", ""));
        assertThat(elements(container(role).path("volumeMounts")).map(mount -> mount.path("name")))
                .containsExactlyInAnyOrderElementsOf(elements(pod(role).path("volumes"))
                        .map(volume -> volume.path("name"))
                        .toList());
    }

    @Test
    void workersMountModelsWhereTheImageExpectsThem() {
        String folder = Deployment.imageVariable("PENSTOCK_WORKER_MODELS");

        assertThat(elements(container("worker").path("volumeMounts"))
                        .map(mount -> mount.path("mountPath").asText()))
                .contains(folder);
    }

    @Test
    void theOperatorsFilesExist() {
        JsonNode component =
                Deployment.documents(MONITORING.resolve("kustomization.yaml")).get(0);
        Stream<String> deployed = Stream.concat(
                elements(component.path("resources")).map(JsonNode::asText),
                elements(component.at("/configMapGenerator/0/files"))
                        .map(file -> file.asText().replaceFirst(".*=", "")));

        assertThat(deployed.map(MONITORING::resolve)).hasSize(3).allMatch(Files::exists);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ingress", "worker"})
    void theOperatorScrapesThePodsOfBothRoles(String role) {
        JsonNode monitor = Deployment.documents(MONITORING.resolve("pod-monitor.yml"))
                .get(0)
                .path("spec");
        JsonNode labels = Deployment.manifest(role, "Deployment").at("/spec/template/metadata/labels");

        monitor.at("/selector/matchLabels")
                .properties()
                .forEach(label -> assertThat(labels.path(label.getKey())).isEqualTo(label.getValue()));
        JsonNode endpoint = monitor.at("/podMetricsEndpoints/0");
        assertThat(elements(container(role).path("ports"))
                        .filter(port -> port.path("name").equals(endpoint.path("port")))
                        .map(port -> port.path("containerPort").asText()))
                .containsExactly(MANAGEMENT_PORT);
        assertThat(endpoint.path("path").asText()).isEqualTo("/q/metrics");
    }

    private static Set<String> variablesOfKeys() {
        Stream<String> ours = Stream.of(
                        PenstockConfig.class, IngressConfig.class, TenantsConfig.class, WorkerConfig.class)
                .flatMap(type -> ConfigMappings.getProperties(ConfigClass.configClass(type)).keySet().stream());
        return Stream.concat(ours, APPLICATION.stringPropertyNames().stream())
                .map(key -> StringUtil.replaceNonAlphanumericByUnderscores(key).toUpperCase(Locale.ROOT))
                .collect(Collectors.toSet());
    }

    private static SmallRyeConfig config(Map<String, String> variables) {
        return new SmallRyeConfigBuilder()
                .withMapping(PenstockConfig.class)
                .withMapping(IngressConfig.class)
                .withMapping(TenantsConfig.class)
                .withMapping(WorkerConfig.class)
                .withConverter(Duration.class, 200, new DurationConverter())
                .withSources(new EnvConfigSource(variables, 300))
                .build();
    }

    private static Properties applicationProperties() {
        Properties properties = new Properties();
        try (InputStream file = Files.newInputStream(Path.of("src/main/resources/application.properties"))) {
            properties.load(file);
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
        return properties;
    }
}
