package dev.penstock.kubernetes;

import static dev.penstock.kubernetes.Manifests.elements;
import static dev.penstock.kubernetes.Manifests.labels;
import static dev.penstock.kubernetes.Manifests.selects;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Who may reach a pod, and what it may reach. */
final class NetworkRules {
    static final List<Rule> ALL = List.of(
            new Rule(
                    "what is not allowed is denied, in both directions",
                    manifests -> manifests
                            .workloads()
                            .filter(workload -> manifests
                                    .of("NetworkPolicy")
                                    .filter(NetworkRules::deniesAll)
                                    .noneMatch(policy -> covers(policy, workload)))
                            .map(Manifests::title)),
            policies(
                    "no policy lets everybody in",
                    policy -> elements(policy.at("/spec/ingress"))
                            .allMatch(rule -> isNarrow(rule.path("from"))
                                    && rule.path("ports").size() > 0)),
            policies(
                    "a policy names the ports to which it lets a pod out, and where",
                    policy -> elements(policy.at("/spec/egress"))
                            .allMatch(rule -> rule.path("to").size() > 0
                                    && rule.path("ports").size() > 0)),
            policies(
                    "no policy lets a pod reach the credentials of its node",
                    policy -> elements(policy.at("/spec/egress"))
                            .flatMap(rule -> elements(rule.path("to")))
                            .filter(to -> to.has("ipBlock"))
                            .allMatch(to -> to.at("/ipBlock/except").toString().contains("169.254.169.254/32"))),
            new Rule(
                    "a pod may ask for names",
                    manifests -> manifests
                            .workloads()
                            .filter(workload -> manifests
                                            .of("NetworkPolicy")
                                            .filter(policy -> covers(policy, workload))
                                            .flatMap(policy -> elements(policy.at("/spec/egress")))
                                            .noneMatch(rule -> rule.path("ports")
                                                    .toString()
                                                    .contains("53"))
                                    && needsNames(workload))
                            .map(Manifests::title)),
            new Rule(
                    "a service is inside the cluster, and its port is one of its pods",
                    manifests -> manifests
                            .of("Service")
                            .filter(service -> !Set.of("", "ClusterIP")
                                            .contains(service.at("/spec/type").asText())
                                    || manifests.workloads().noneMatch(workload -> serves(service, workload)))
                            .map(Manifests::title)));

    private NetworkRules() {}

    private static Rule policies(String name, Predicate<JsonNode> holds) {
        return new Rule(
                name,
                manifests -> manifests
                        .of("NetworkPolicy")
                        .filter(policy -> !holds.test(policy))
                        .map(Manifests::title));
    }

    private static boolean deniesAll(JsonNode policy) {
        return !policy.path("spec").has("ingress")
                && !policy.path("spec").has("egress")
                && elements(policy.at("/spec/policyTypes"))
                        .map(JsonNode::asText)
                        .toList()
                        .containsAll(List.of("Ingress", "Egress"));
    }

    private static boolean covers(JsonNode policy, JsonNode workload) {
        return selects(policy.at("/spec/podSelector/matchLabels"), labels(workload));
    }

    /** Whether each peer is chosen by a label or an address. */
    private static boolean isNarrow(JsonNode peers) {
        return peers.size() > 0
                && elements(peers)
                        .allMatch(peer -> Stream.of("podSelector", "namespaceSelector", "ipBlock")
                                .anyMatch(selector -> !peer.path(selector).isEmpty()));
    }

    /** Redis connects to nobody. */
    private static boolean needsNames(JsonNode workload) {
        return !Manifests.nameOf(workload).equals("redis");
    }

    private static boolean serves(JsonNode service, JsonNode workload) {
        List<String> ports = Manifests.containers(workload)
                .flatMap(container -> elements(container.path("ports")))
                .flatMap(port -> Stream.of(
                        port.path("name").asText(), port.path("containerPort").asText()))
                .toList();
        return selects(service.at("/spec/selector"), labels(workload))
                && elements(service.at("/spec/ports"))
                        .allMatch(port -> ports.contains(port.path("targetPort").asText()));
    }
}
