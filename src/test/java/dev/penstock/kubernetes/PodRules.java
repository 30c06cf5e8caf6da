package dev.penstock.kubernetes;

import static dev.penstock.kubernetes.Manifests.elements;
import static dev.penstock.kubernetes.Manifests.labels;
import static dev.penstock.kubernetes.Manifests.pod;
import static dev.penstock.kubernetes.Manifests.selects;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the pods of each workload must have. */
final class PodRules {
    private static final Set<String> VOLUMES =
            Set.of("name", "configMap", "secret", "emptyDir", "persistentVolumeClaim");

    /** The checksum with which kustomize ends the name of a ConfigMap. */
    private static final Pattern CHECKSUM = Pattern.compile(".*-[a-z0-9]{10}");

    static final List<Rule> ALL = List.of(
            each(
                    "no pod gets a token of the Kubernetes API",
                    pod -> pod.path("automountServiceAccountToken").isBoolean()
                            && !pod.path("automountServiceAccountToken").asBoolean()),
            among(
                    "a pod has a service account of its own, without a token",
                    (manifests, workload) -> manifests
                            .find(
                                    "ServiceAccount",
                                    pod(workload).path("serviceAccountName").asText())
                            .filter(account -> !account.path("automountServiceAccountToken")
                                    .asBoolean(true))
                            .isPresent()),
            each(
                    "no pod runs as root",
                    pod -> pod.at("/securityContext/runAsNonRoot").asBoolean()
                            && pod.at("/securityContext/runAsUser").asInt() > 0
                            && pod.at("/securityContext/runAsGroup").asInt() > 0),
            each(
                    "a pod has the runtime's seccomp profile",
                    pod -> pod.at("/securityContext/seccompProfile/type")
                            .asText()
                            .equals("RuntimeDefault")),
            each(
                    "no pod shares the node's network, processes or memory",
                    pod -> Stream.of("hostNetwork", "hostPID", "hostIPC")
                            .noneMatch(share -> pod.path(share).asBoolean())),
            each(
                    "no pod mounts a folder of the node",
                    pod -> elements(pod.path("volumes"))
                            .allMatch(volume -> VOLUMES.containsAll(volume.properties().stream()
                                    .map(set -> set.getKey())
                                    .toList()))),
            each(
                    "a folder on the node's disk has a limit",
                    pod -> elements(pod.path("volumes"))
                            .filter(volume -> volume.has("emptyDir"))
                            .allMatch(volume -> volume.at("/emptyDir").has("sizeLimit"))),
            each(
                    "every mount has its volume, and every volume a mount",
                    pod -> mounts(pod)
                            .equals(elements(pod.path("volumes"))
                                    .map(volume -> volume.path("name").asText())
                                    .collect(Collectors.toSet()))),
            each(
                    "no pod gets the addresses of all services as variables",
                    pod -> !pod.path("enableServiceLinks").asBoolean(true)),
            each(
                    "a pod has its time to stop",
                    pod -> pod.path("terminationGracePeriodSeconds").asInt() > 0),
            among(
                    "a pod has a priority",
                    (manifests, workload) -> manifests
                            .find(
                                    "PriorityClass",
                                    pod(workload).path("priorityClassName").asText())
                            .isPresent()),
            among(
                    "pods of a role are spread over zones and nodes",
                    (manifests, workload) -> workload.at("/spec/replicas").asInt() == 1
                            || Set.of("topology.kubernetes.io/zone", "kubernetes.io/hostname")
                                    .equals(elements(pod(workload).path("topologySpreadConstraints"))
                                            .filter(spread ->
                                                    selects(spread.at("/labelSelector/matchLabels"), labels(workload)))
                                            .map(spread ->
                                                    spread.path("topologyKey").asText())
                                            .collect(Collectors.toSet()))),
            among(
                    "one budget lets one pod of a role be evicted at a time",
                    (manifests, workload) -> manifests
                            .of("PodDisruptionBudget")
                            .filter(budget -> selects(budget.at("/spec/selector/matchLabels"), labels(workload)))
                            .map(budget -> budget.at("/spec/maxUnavailable").asInt())
                            .toList()
                            .equals(List.of(1))),
            among(
                    "a pod's labels are those that its workload selects",
                    (manifests, workload) ->
                            !workload.at("/spec/selector/matchLabels").isEmpty()
                                    && selects(workload.at("/spec/selector/matchLabels"), labels(workload))),
            among(
                    "a ConfigMap of a pod is there, and its name changes with its content",
                    (manifests, workload) -> configMaps(workload)
                            .allMatch(name -> manifests.find("ConfigMap", name).isPresent()
                                    && CHECKSUM.matcher(name).matches())),
            among(
                    "no claim that only one node can mount is shared by the pods of a Deployment",
                    (manifests, workload) -> elements(pod(workload).path("volumes"))
                            .map(volume -> volume.at("/persistentVolumeClaim/claimName")
                                    .asText())
                            .filter(claim -> !claim.isEmpty())
                            .allMatch(claim -> manifests
                                    .find("PersistentVolumeClaim", claim)
                                    .filter(found -> !found.at("/spec/accessModes")
                                            .toString()
                                            .contains("Once"))
                                    .isPresent())),
            among(
                    "the folder of the models is filled",
                    (manifests, workload) -> elements(pod(workload).path("volumes"))
                            .filter(volume -> volume.path("name").asText().equals("models"))
                            .filter(volume -> volume.has("emptyDir"))
                            .allMatch(volume -> elements(pod(workload).path("initContainers"))
                                    .anyMatch(first -> first.path("volumeMounts")
                                            .toString()
                                            .contains("/models")))),
            among(
                    "a Deployment rolls without losing a pod, or without needing a spare one",
                    (manifests, workload) -> !workload.path("kind").asText().equals("Deployment")
                            || rollsByOne(workload.at("/spec/strategy/rollingUpdate"))),
            among(
                    "a Deployment that takes long to start is not called failed too soon",
                    (manifests, workload) -> !workload.path("kind").asText().equals("Deployment")
                            || Manifests.containers(workload)
                                    .allMatch(container -> startSeconds(container.path("startupProbe"))
                                            < workload.at("/spec/progressDeadlineSeconds")
                                                    .asInt())));

    private PodRules() {}

    private static Rule each(String name, Predicate<JsonNode> holds) {
        return among(name, (manifests, workload) -> holds.test(pod(workload)));
    }

    private static Rule among(String name, BiPredicate<Manifests, JsonNode> holds) {
        return new Rule(
                name,
                manifests -> manifests
                        .workloads()
                        .filter(workload -> !holds.test(manifests, workload))
                        .map(Manifests::title));
    }

    private static Set<String> mounts(JsonNode pod) {
        return Stream.of("initContainers", "containers")
                .flatMap(kind -> elements(pod.path(kind)))
                .flatMap(container -> elements(container.path("volumeMounts")))
                .map(mount -> mount.path("name").asText())
                .collect(Collectors.toSet());
    }

    private static Stream<String> configMaps(JsonNode workload) {
        Stream<String> asVariables = Manifests.allContainers(workload)
                .flatMap(container -> elements(container.path("envFrom")))
                .filter(from -> from.has("configMapRef"))
                .map(from -> from.at("/configMapRef/name").asText());
        Stream<String> asFiles = elements(pod(workload).path("volumes"))
                .filter(volume -> volume.has("configMap"))
                .map(volume -> volume.at("/configMap/name").asText());
        return Stream.concat(asVariables, asFiles);
    }

    /** As numbers: the API takes text for a percentage. */
    private static boolean rollsByOne(JsonNode rolling) {
        JsonNode surge = rolling.path("maxSurge");
        JsonNode unavailable = rolling.path("maxUnavailable");
        return surge.isInt() && unavailable.isInt() && surge.asInt() + unavailable.asInt() == 1;
    }

    private static int startSeconds(JsonNode probe) {
        return probe.path("periodSeconds").asInt()
                * probe.path("failureThreshold").asInt();
    }
}
