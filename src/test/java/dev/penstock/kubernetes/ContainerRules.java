package dev.penstock.kubernetes;

import static dev.penstock.kubernetes.Manifests.elements;
import static dev.penstock.kubernetes.Manifests.title;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What each container must have, those that run first included. */
final class ContainerRules {
    /** A version, or a checksum. */
    private static final Pattern PINNED = Pattern.compile(".+(:\\d+\\.\\d+[\\w.-]*|@sha256:[0-9a-f]{64})");

    private static final Pattern SECRET = Pattern.compile("PASSWORD|SECRET|TOKEN|CREDENTIAL|API_KEY|JAAS");

    static final List<Rule> ALL = List.of(
            each(
                    "an image has a version",
                    container ->
                            PINNED.matcher(container.path("image").asText()).matches()),
            each(
                    "an image that the node has is not pulled again",
                    container -> container.path("imagePullPolicy").asText().equals("IfNotPresent")),
            each(
                    "a container requests CPU time",
                    container -> container.at("/resources/requests").has("cpu")),
            // A container that is throttled answers late. What it may take beyond its request is shared by the
            // requests.
            each(
                    "no container has a limit of CPU time",
                    container -> !container.at("/resources/limits").has("cpu")),
            each(
                    "a container requests memory and is limited, to no less",
                    container -> bytes(container, "requests") > 0
                            && bytes(container, "requests") <= bytes(container, "limits")),
            security(
                    "no container gains rights",
                    security -> security.path("allowPrivilegeEscalation").isBoolean()
                            && !security.path("allowPrivilegeEscalation").asBoolean()),
            security(
                    "no container is privileged",
                    security -> !security.path("privileged").asBoolean()),
            security(
                    "the root file system is read-only",
                    security -> security.path("readOnlyRootFilesystem").asBoolean()),
            security(
                    "a container drops all capabilities and adds none",
                    security -> security.at("/capabilities/drop/0").asText().equals("ALL")
                            && security.at("/capabilities/add").isMissingNode()),
            security(
                    "no container chooses root",
                    security -> !security.has("runAsUser")
                            && security.path("runAsNonRoot").asBoolean(true)),
            running("a container that stays has a probe of readiness", container -> container.has("readinessProbe")),
            running(
                    "a container that stays has a probe of liveness, more patient than that of readiness",
                    container -> container.has("livenessProbe")
                            && patience(container.path("livenessProbe")) > patience(container.path("readinessProbe"))),
            each(
                    "no port is one of the node",
                    container -> elements(container.path("ports")).noneMatch(port -> port.has("hostPort"))),
            each(
                    "every port has a name",
                    container -> elements(container.path("ports")).allMatch(port -> port.has("name"))),
            each(
                    "no secret is written into a variable",
                    container -> elements(container.path("env"))
                            .filter(variable -> SECRET.matcher(
                                            variable.path("name").asText())
                                    .find())
                            .noneMatch(variable -> variable.has("value"))));

    private ContainerRules() {}

    private static Rule each(String name, Predicate<JsonNode> holds) {
        return new Rule(
                name,
                manifests -> manifests
                        .workloads()
                        .flatMap(workload -> violations(workload, Manifests.allContainers(workload), holds)));
    }

    private static Rule running(String name, Predicate<JsonNode> holds) {
        return new Rule(
                name,
                manifests -> manifests
                        .workloads()
                        .flatMap(workload -> violations(workload, Manifests.containers(workload), holds)));
    }

    private static Rule security(String name, Predicate<JsonNode> holds) {
        return each(name, container -> holds.test(container.path("securityContext")));
    }

    private static Stream<String> violations(
            JsonNode workload, Stream<JsonNode> containers, Predicate<JsonNode> holds) {
        return containers
                .filter(holds.negate())
                .map(container -> title(workload) + ": container "
                        + container.path("name").asText());
    }

    private static double bytes(JsonNode container, String kind) {
        JsonNode memory = container.at("/resources/" + kind + "/memory");
        return memory.isMissingNode()
                ? 0
                : Quantity.getAmountInBytes(new Quantity(memory.asText())).doubleValue();
    }

    /** Seconds without an answer until the probe has an effect. Kubernetes' defaults are a period of 10 s and three failures. */
    private static int patience(JsonNode probe) {
        return probe.path("periodSeconds").asInt(10)
                * probe.path("failureThreshold").asInt(3);
    }
}
