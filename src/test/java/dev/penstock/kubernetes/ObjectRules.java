package dev.penstock.kubernetes;

import static dev.penstock.kubernetes.Manifests.elements;
import static dev.penstock.kubernetes.Manifests.nameOf;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What objects must have together. */
final class ObjectRules {
    private static final Set<String> CLUSTER_WIDE = Set.of("Namespace", "PriorityClass");

    static final List<Rule> ALL = List.of(
            new Rule(
                    "the namespace takes only restricted pods",
                    manifests -> manifests
                                    .of("Namespace")
                                    .anyMatch(namespace -> namespace
                                            .at("/metadata/labels/pod-security.kubernetes.io~1enforce")
                                            .asText()
                                            .equals("restricted"))
                            ? Stream.empty()
                            : Stream.of("Namespace")),
            objects(
                    "every object is in the namespace",
                    (manifests, object) -> CLUSTER_WIDE.contains(
                                    object.path("kind").asText())
                            || manifests
                                    .find(
                                            "Namespace",
                                            object.at("/metadata/namespace").asText())
                                    .isPresent()),
            objects(
                    "no object grants rights of the Kubernetes API",
                    (manifests, object) -> !object.path("apiVersion").asText().startsWith("rbac.")),
            objects(
                    "no object holds a secret",
                    (manifests, object) -> !object.path("kind").asText().equals("Secret")),
            objects(
                    "no object is of a version that goes away",
                    (manifests, object) -> !object.path("apiVersion").asText().contains("beta")),
            objects(
                    "names are there once",
                    (manifests, object) -> manifests
                                    .of(object.path("kind").asText())
                                    .filter(other -> nameOf(other).equals(nameOf(object)))
                                    .count()
                            == 1),
            objects(
                    "what is scaled has one autoscaler and no number of its own",
                    (manifests, object) -> !manifests.workloads().toList().contains(object)
                            || (object.path("spec").has("replicas") ? 0 : 1)
                                    == autoscalers(manifests, nameOf(object)).count()),
            objects(
                    "there are at least two pods of a role, except on a laptop",
                    (manifests, object) -> !object.path("kind").asText().equals("Deployment")
                            || object.at("/metadata/namespace").asText().endsWith("-local")
                            || object.at("/spec/replicas").asInt(2) >= 2),
            new Rule(
                    "each pod is scraped once",
                    manifests -> manifests
                            .workloads()
                            .filter(workload -> scrapers(manifests, workload) > 1)
                            .map(Manifests::title)),
            kafka(
                    "nodes of Kafka have limits, storage, and machines of their own",
                    pool -> pool.at("/spec/resources/limits/memory").isTextual()
                            && pool.at("/spec/storage/volumes/0/type").asText().equals("persistent-claim")
                            && elements(pool.at("/spec/template/pod/topologySpreadConstraints"))
                                    .anyMatch(spread ->
                                            spread.path("topologyKey").asText().equals("kubernetes.io/hostname")
                                                    && spread.path("whenUnsatisfiable")
                                                            .asText()
                                                            .equals("DoNotSchedule"))),
            kafka(
                    "nodes of Kafka are restricted pods",
                    pool -> isRestricted(pool.at("/spec/template"), "kafkaContainer")),
            new Rule(
                    "Kafka asks its clients for a password, over TLS, and keeps to ACLs",
                    manifests -> manifests
                            .of("Kafka")
                            .filter(kafka ->
                                    kafka.at("/spec/kafka/authorization/type").isMissingNode()
                                            || !elements(kafka.at("/spec/kafka/listeners"))
                                                    .allMatch(listener ->
                                                            listener.path("tls").asBoolean()
                                                                    && listener.has("authentication")
                                                                    && listener.has("networkPolicyPeers")))
                            .map(Manifests::title)),
            new Rule(
                    "the operators of topics and users are restricted pods",
                    manifests -> manifests
                            .of("Kafka")
                            .filter(kafka -> !Stream.of("topicOperatorContainer", "userOperatorContainer")
                                    .allMatch(container ->
                                            isRestricted(kafka.at("/spec/entityOperator/template"), container)))
                            .map(Manifests::title)));

    private ObjectRules() {}

    private interface Check {
        boolean holds(Manifests manifests, JsonNode object);
    }

    private static Rule objects(String name, Check check) {
        return new Rule(
                name,
                manifests -> manifests.objects().stream()
                        .filter(object -> !check.holds(manifests, object))
                        .map(Manifests::title));
    }

    private static Rule kafka(String name, Predicate<JsonNode> holds) {
        return new Rule(
                name,
                manifests -> manifests
                        .of("KafkaNodePool")
                        .filter(pool -> !holds.test(pool))
                        .map(Manifests::title));
    }

    /** Autoscalers of either kind for the workload of this name. */
    static Stream<JsonNode> autoscalers(Manifests manifests, String workload) {
        return Stream.of("HorizontalPodAutoscaler", "ScaledObject")
                .flatMap(manifests::of)
                .filter(scaler ->
                        scaler.at("/spec/scaleTargetRef/name").asText().equals(workload))
                .map(scaler -> (JsonNode) scaler);
    }

    private static long scrapers(Manifests manifests, JsonNode workload) {
        Set<String> annotated = Stream.concat(
                        manifests
                                .of("Service")
                                .filter(service ->
                                        Manifests.selects(service.at("/spec/selector"), Manifests.labels(workload)))
                                .map(service -> service.at("/metadata/annotations")),
                        Stream.of(workload.at("/spec/template/metadata/annotations")))
                .filter(annotations -> annotations.has("prometheus.io/scrape"))
                .map(JsonNode::toString)
                .collect(Collectors.toSet());
        long monitors = Stream.of("PodMonitor", "ServiceMonitor")
                .flatMap(manifests::of)
                .filter(monitor ->
                        Manifests.selects(monitor.at("/spec/selector/matchLabels"), Manifests.labels(workload)))
                .count();
        return annotated.size() + monitors;
    }

    private static boolean isRestricted(JsonNode template, String container) {
        JsonNode security = template.path(container).path("securityContext");
        return template.at("/pod/securityContext/runAsNonRoot").asBoolean()
                && template.at("/pod/securityContext/seccompProfile/type")
                        .asText()
                        .equals("RuntimeDefault")
                && !security.path("allowPrivilegeEscalation").asBoolean(true)
                && security.at("/capabilities/drop/0").asText().equals("ALL");
    }
}
