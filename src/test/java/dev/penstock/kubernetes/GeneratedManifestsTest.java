package dev.penstock.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The manifests that quarkus-kubernetes writes say what their properties say. {@code ProductionPackageIT} compares one of them with what a build
 * writes; this test needs no build.
 */
final class GeneratedManifestsTest {
    private static final String PREFIX = "quarkus.kubernetes.";
    private static final String POD = "/spec/template/spec";
    private static final String CONTAINER = POD + "/containers/0";
    private static final String CURE = "not current; write it with kubernetes/generate";

    /** Where a property's value is in the Deployment. */
    private static final Map<String, String> PLACES = Map.ofEntries(
            Map.entry("name", "/metadata/name"),
            Map.entry("part-of", "/metadata/labels/app.kubernetes.io~1part-of"),
            Map.entry("replicas", "/spec/replicas"),
            Map.entry("service-account", POD + "/serviceAccountName"),
            Map.entry("env.configmaps", CONTAINER + "/envFrom/0/configMapRef/name"),
            Map.entry("security-context.run-as-non-root", POD + "/securityContext/runAsNonRoot"),
            Map.entry("security-context.run-as-user", POD + "/securityContext/runAsUser"),
            Map.entry("security-context.run-as-group", POD + "/securityContext/runAsGroup"),
            Map.entry("startup-probe.initial-delay", CONTAINER + "/startupProbe/initialDelaySeconds"),
            Map.entry("startup-probe.period", CONTAINER + "/startupProbe/periodSeconds"),
            Map.entry("startup-probe.timeout", CONTAINER + "/startupProbe/timeoutSeconds"),
            Map.entry("startup-probe.failure-threshold", CONTAINER + "/startupProbe/failureThreshold"),
            Map.entry("liveness-probe.initial-delay", CONTAINER + "/livenessProbe/initialDelaySeconds"),
            Map.entry("liveness-probe.timeout", CONTAINER + "/livenessProbe/timeoutSeconds"),
            Map.entry("readiness-probe.initial-delay", CONTAINER + "/readinessProbe/initialDelaySeconds"),
            Map.entry("readiness-probe.period", CONTAINER + "/readinessProbe/periodSeconds"),
            Map.entry("readiness-probe.timeout", CONTAINER + "/readinessProbe/timeoutSeconds"),
            Map.entry("resources.requests.cpu", CONTAINER + "/resources/requests/cpu"),
            Map.entry("resources.requests.memory", CONTAINER + "/resources/requests/memory"),
            Map.entry("resources.limits.memory", CONTAINER + "/resources/limits/memory"));

    @ParameterizedTest
    @ValueSource(strings = {"ingress", "worker"})
    void theManifestSaysWhatItsPropertiesSay(String role) throws IOException {
        JsonNode deployment = manifests(role).get("Deployment", "penstock-" + role);
        Map<String, String> expected = new TreeMap<>();
        Map<String, String> found = new TreeMap<>();
        properties("common", role).forEach((key, value) -> {
            expected.put(key, PLACES.getOrDefault(key, "").endsWith("Seconds") ? value.replace("s", "") : value);
            found.put(key, value(key, deployment));
        });

        assertThat(found).as(CURE).isEqualTo(expected);
    }

    /** Properties that are not at one place are looked up by the names in their keys. */
    private static String value(String key, JsonNode deployment) {
        JsonNode container = deployment.at(CONTAINER);
        JsonNode volumes = deployment.at(POD + "/volumes");
        String[] names = key.split("\\.", -1);
        if (PLACES.containsKey(key)) {
            return deployment.at(PLACES.getOrDefault(key, "")).asText();
        } else if (key.startsWith("env.vars.")) {
            return named(container.path("env"), names[2]).path("value").asText();
        } else if (key.startsWith("mounts.") && names[2].equals("path")) {
            return named(container.path("volumeMounts"), names[1])
                    .path("mountPath")
                    .asText();
        } else if (key.startsWith("mounts.")) {
            return named(container.path("volumeMounts"), names[1])
                    .path("readOnly")
                    .asText();
        } else if (key.startsWith("secret-volumes.") && names[2].equals("secret-name")) {
            return named(volumes, names[1]).at("/secret/secretName").asText();
        } else if (key.startsWith("secret-volumes.")) {
            return named(volumes, names[1]).at("/secret/defaultMode").asText();
        }
        return switch (key) {
            case "image" -> container.path("image").asText();
            case "image-pull-policy" ->
                container.path("imagePullPolicy").asText().equals("IfNotPresent") ? "if-not-present" : "other";
            case "empty-dir-volumes" ->
                String.join(
                        ",",
                        Manifests.elements(volumes)
                                .filter(volume -> volume.has("emptyDir"))
                                .map(volume -> volume.path("name").asText())
                                .toList());
            case "idempotent" -> String.valueOf(!deployment.toString().contains("build-timestamp"));
            case "vcs-uri.enabled" -> String.valueOf(deployment.toString().contains("vcs-uri"));
            case "prometheus.annotations" ->
                String.valueOf(deployment.toString().contains("prometheus.io/"));
            case "prometheus.generate-service-monitor" -> "false";
            default -> "unknown to this test";
        };
    }

    private static JsonNode named(JsonNode array, String name) {
        return Manifests.elements(array)
                .filter(each -> each.path("name").asText().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + "; " + CURE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ingress", "worker"})
    void theManifestIsOfTheVersionOfQuarkusThatTheProjectHas(String role) throws IOException {
        String version = manifests(role)
                .get("Deployment", "penstock-" + role)
                .at("/metadata/annotations/app.quarkus.io~1quarkus-version")
                .asText();

        assertThat(Path.of("pom.xml"))
                .as(CURE)
                .content()
                .contains("<quarkus.version>" + version + "</quarkus.version>");
    }

    private static Manifests manifests(String role) throws IOException {
        return Manifests.parse(role, Files.readString(Path.of("kubernetes/base/" + role + ".yml")));
    }

    private static Map<String, String> properties(String... files) throws IOException {
        Properties properties = new Properties();
        for (String file : files) {
            try (Reader reader = Files.newBufferedReader(Path.of("kubernetes/" + file + ".properties"))) {
                properties.load(reader);
            }
        }
        Map<String, String> byKey = new TreeMap<>();
        properties
                .stringPropertyNames()
                .forEach(key -> byKey.put(
                        key.replace(PREFIX, "").replace("quarkus.container-image.", ""), properties.getProperty(key)));
        return byKey;
    }
}
