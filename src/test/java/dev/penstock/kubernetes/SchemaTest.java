package dev.penstock.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every overlay renders, and every object is one that its API accepts. */
final class SchemaTest {
    @BeforeAll
    static void assumeKubectl() {
        Kustomize.assumeInstalled();
    }

    static Stream<Manifests> all() {
        return Stream.concat(Rendered.all(), Stream.of(Rendered.adapter()));
    }

    @ParameterizedTest
    @MethodSource("all")
    void everyObjectHasTheFieldsOfItsKindAndNoOthers(Manifests manifests) {
        Map<String, String> faults = new TreeMap<>();
        for (JsonNode object : manifests.objects()) {
            StrictTypes.fault(object).ifPresent(fault -> faults.put(Manifests.title(object), fault));
        }

        assertThat(manifests.objects()).isNotEmpty();
        assertThat(faults).isEmpty();
    }

    @Test
    void everyFolderIsPartOfWhatIsRendered() throws IOException {
        String used = Rendered.names()
                        .map(name -> Rendered.OVERLAYS.resolve(name).resolve("kustomization.yaml"))
                        .map(SchemaTest::text)
                        .collect(Collectors.joining())
                + Rendered.combined().collect(Collectors.joining("\n"));

        assertThat(Rendered.folders(Rendered.KUBERNETES.resolve("components")))
                .isNotEmpty()
                .allSatisfy(component -> assertThat(used).containsPattern("components/" + component + "\\b(?!-)"));
    }

    @Test
    void theReadmeNamesEveryOverlay() {
        assertThat(Rendered.names())
                .hasSizeGreaterThan(6)
                .allSatisfy(overlay -> assertThat(Rendered.KUBERNETES.resolve("README.md"))
                        .content()
                        .contains("(overlays/" + overlay + "/kustomization.yaml)"));
    }

    @Test
    void theRulesOfTheAdapterAreThoseItKnows() throws IOException {
        assertThat(AdapterConfig.read().all()).hasSizeGreaterThan(4);
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                fault("Deployment", "/spec/template/spec/containers/0", at -> at.put("readynessProbe", 1)),
                fault("Deployment", "/metadata/annotations", at -> at.put("answer", true)),
                fault("Deployment", "/spec", at -> at.put("replicas", "two")),
                fault("Deployment", "", at -> at.put("apiVersion", "apps/v1beta1")),
                fault("NetworkPolicy", "/spec", at -> at.put("egres", "")),
                fault("PodMonitor", "/spec/podMetricsEndpoints/0", at -> at.put("pathh", "/")),
                fault("PrometheusRule", "/spec/groups/0/rules/0", at -> at.put("expression", "1")),
                fault("ScaledObject", "/spec", at -> at.put("minReplicas", 1)),
                fault("ScaledObject", "/spec", at -> at.put("minReplicaCount", -1)),
                fault("ScaledObject", "/spec/triggers/0/metadata", at -> at.put("treshold", "1")),
                fault("ScaledObject", "/spec/triggers/0/metadata", at -> at.put("threshold", 1)),
                fault("ScaledObject", "/spec/fallback", at -> at.put("behavior", "hope")),
                fault(
                        "ScaledObject",
                        "/spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleUp",
                        at -> at.put("policy", "")),
                fault("TriggerAuthentication", "/spec/secretTargetRef/0", at -> at.put("secret", "")),
                fault("Kafka", "/spec/kafka", at -> at.put("replicas_", 3)),
                fault("Kafka", "/spec/kafka/listeners/0", at -> at.put("type", "outer")),
                fault("KafkaNodePool", "/spec/template/pod", at -> at.put("hostNetwork", true)),
                fault("KafkaTopic", "/spec", at -> at.put("partition", 3)),
                fault("KafkaUser", "/spec/authorization/acls/0", at -> at.put("operation_", "Read")));
    }

    private static Arguments fault(String kind, String path, Consumer<ObjectNode> change) {
        return Arguments.of(kind, path, change);
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aFieldThatTheKindDoesNotHaveIsAFault(String kind, String path, Consumer<ObjectNode> change) {
        ObjectNode object = Rendered.all()
                .flatMap(manifests -> manifests.of(kind))
                .filter(each -> each.at(path).isObject())
                .findFirst()
                .orElseThrow()
                .deepCopy();
        assertThat(StrictTypes.fault(object)).isEmpty();

        change.accept((ObjectNode) object.at(path));

        Optional<String> fault = StrictTypes.fault(object);
        assertThat(fault).isPresent();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
