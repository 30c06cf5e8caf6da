package dev.penstock.kubernetes;

import static dev.penstock.kubernetes.Manifests.elements;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.alerts.DocumentedMetrics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What scales the pods, and the metrics that it reads. */
final class AutoscalingTest {
    private static final Pattern RECORDED = Pattern.compile("penstock:\\w+");
    private static final String PARTITIONS = "PENSTOCK_TOPICS_REQUEST_PARTITIONS";

    @BeforeAll
    static void assumeKubectl() {
        Kustomize.assumeInstalled();
    }

    static Stream<Manifests> scaled() {
        return Rendered.all().filter(manifests -> scalers(manifests).findAny().isPresent());
    }

    private static Stream<JsonNode> scalers(Manifests manifests) {
        return Stream.of("penstock-worker", "penstock-ingress")
                .flatMap(workload -> ObjectRules.autoscalers(manifests, workload));
    }

    /** More workers than partitions would have nothing to read. */
    @ParameterizedTest
    @MethodSource("scaled")
    void workersAreNeverMoreThanThePartitions(Manifests manifests) {
        JsonNode worker = manifests.get("Deployment", "penstock-worker");
        int partitions = Integer.parseInt(manifests
                .environment(Manifests.containers(worker).findFirst().orElseThrow())
                .getOrDefault(PARTITIONS, "0"));
        List<Integer> ofTopics = manifests
                .of("KafkaTopic")
                .filter(topic -> Manifests.nameOf(topic).contains(".requests"))
                .map(topic -> topic.at("/spec/partitions").asInt())
                .toList();

        assertThat(ObjectRules.autoscalers(manifests, "penstock-worker"))
                .isNotEmpty()
                .allSatisfy(scaler -> assertThat(most(scaler)).isBetween(2, partitions));
        assertThat(ofTopics).allMatch(declared -> declared == partitions);
    }

    private static int most(JsonNode scaler) {
        JsonNode spec = scaler.path("spec");
        return spec.path("maxReplicas").asInt(spec.path("maxReplicaCount").asInt());
    }

    /** Two pods more in a minute, one fewer in two minutes; where many run, a share of them. */
    @ParameterizedTest
    @MethodSource("scaled")
    void growsFastAndShrinksSlowly(Manifests manifests) {
        assertThat(scalers(manifests)).isNotEmpty().allSatisfy(scaler -> {
            JsonNode behavior = scaler.path("kind").asText().equals("ScaledObject")
                    ? scaler.at("/spec/advanced/horizontalPodAutoscalerConfig/behavior")
                    : scaler.at("/spec/behavior");
            assertThat(behavior.at("/scaleUp/policies/0").toString())
                    .isEqualTo("{\"periodSeconds\":60,\"type\":\"Pods\",\"value\":2}");
            assertThat(behavior.at("/scaleUp/stabilizationWindowSeconds").asInt(-1))
                    .isZero();
            assertThat(behavior.at("/scaleDown/policies/0").toString())
                    .isEqualTo("{\"periodSeconds\":120,\"type\":\"Pods\",\"value\":1}");
            assertThat(behavior.at("/scaleDown/stabilizationWindowSeconds").asInt())
                    .isEqualTo(300);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"hpa", "keda"})
    void bothScaleByTheSameBehaviorAndTheSameLimits(String name) {
        JsonNode worker = Rendered.overlay(name).copy().objects().stream()
                .filter(object -> Manifests.nameOf(object).equals("penstock-worker"))
                .filter(object -> object.at("/spec/scaleTargetRef").isObject())
                .findFirst()
                .orElseThrow();
        JsonNode hpa = Rendered.overlay("hpa").get("HorizontalPodAutoscaler", "penstock-worker");

        assertThat(most(worker)).isEqualTo(most(hpa));
        assertThat(List.of(
                        worker.at("/spec/behavior"),
                        worker.at("/spec/advanced/horizontalPodAutoscalerConfig/behavior")))
                .contains(hpa.at("/spec/behavior"));
    }

    @Test
    void kedaScalesByLagPredictedWaitAndDeadlines() {
        JsonNode scaled =
                Rendered.overlay("keda").get("ScaledObject", "penstock-worker").path("spec");

        assertThat(elements(scaled.path("triggers"))
                        .map(trigger -> trigger.path("name").asText()))
                .containsExactly("workers-wanted", "predicted-wait", "deadline", "lag-digits");
        assertThat(scaled.path("minReplicaCount").asInt()).isEqualTo(1);
        assertThat(scaled.at("/fallback/behavior").asText()).isEqualTo("currentReplicasIfHigher");
        assertThat(Rendered.overlay("keda-zero")
                        .get("ScaledObject", "penstock-worker")
                        .at("/spec/minReplicaCount")
                        .asInt(-1))
                .isZero();
    }

    /** KEDA's own namespace has other search paths for names. */
    @ParameterizedTest
    @MethodSource("scaled")
    void kedaReachesKafkaByAFullName(Manifests manifests) {
        JsonNode worker = manifests.get("Deployment", "penstock-worker");
        Map<String, String> variables =
                manifests.environment(Manifests.containers(worker).findFirst().orElseThrow());

        assertThat(variables.get("PENSTOCK_KAFKA_BOOTSTRAP_SERVERS")).matches("[\\w-]+\\.[\\w-]+\\.svc:\\d+");
    }

    @Test
    void theAdapterHasEachMetricThatAnAutoscalerReads() throws IOException {
        List<String> offered =
                AdapterConfig.read().all().map(rule -> rule.name().as()).toList();

        assertThat(Rendered.all()
                        .flatMap(manifests -> manifests.of("HorizontalPodAutoscaler"))
                        .flatMap(scaler -> elements(scaler.at("/spec/metrics")))
                        .flatMap(
                                metric -> Stream.of(metric.at("/external/metric/name"), metric.at("/pods/metric/name")))
                        .filter(JsonNode::isTextual)
                        .map(JsonNode::asText)
                        .distinct())
                .hasSizeGreaterThan(3)
                .isSubsetOf(offered);
    }

    /** The autoscaler adds up all series of an external metric, which is right for one only. */
    @Test
    void anExternalMetricIsOneNumber() throws IOException {
        assertThat(AdapterConfig.read().externalRules())
                .allSatisfy(rule -> assertThat(rule.metricsQuery()).matches("(sum|max)\\((?!.*\\) by).*\\)"));
    }

    @Test
    void queriesNameMetricsThatTheServiceExports() throws IOException {
        DocumentedMetrics metrics = DocumentedMetrics.read();

        assertThat(queries()).hasSizeGreaterThan(8).allSatisfy(metrics::assertExported);
    }

    @Test
    void queriesNameRulesThatAreRecorded() throws IOException {
        Set<String> named = queries()
                .flatMap(query -> RECORDED.matcher(query).results())
                .map(MatchResult::group)
                .collect(Collectors.toSet());

        assertThat(named)
                .isNotEmpty()
                .allSatisfy(rule -> assertThat(Path.of("kubernetes/monitoring/rules.yml"))
                        .content()
                        .contains("- record: " + rule + "\n"));
    }

    /** Those of the adapter and of KEDA. */
    private static Stream<String> queries() throws IOException {
        Stream<String> ofAdapter = AdapterConfig.read()
                .all()
                .map(rule ->
                        rule.metricsQuery().replace("<<.LabelMatchers>>", "").replace("<<.GroupBy>>", "pod"));
        Stream<String> ofKeda = Rendered.all()
                .flatMap(manifests -> manifests.of("ScaledObject"))
                .flatMap(scaled -> elements(scaled.at("/spec/triggers")))
                .map(trigger -> trigger.at("/metadata/query").asText())
                .filter(query -> !query.isEmpty());
        return Stream.concat(ofAdapter, ofKeda).distinct();
    }
}
