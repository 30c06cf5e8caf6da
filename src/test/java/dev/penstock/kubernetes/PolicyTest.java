package dev.penstock.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The policy finds nothing in what is rendered, and each of its rules finds what breaks it. */
final class PolicyTest {
    /** What breaks a rule in the rendered folder of this name. */
    record Fault(String rule, String rendered, Consumer<Manifests> change) {
        @Override
        public String toString() {
            return rule;
        }
    }

    private static final List<Fault> FAULTS = List.of(
            fault("an image has a version", "strimzi", m -> container(m).put("image", "penstock:latest")),
            fault(
                    "an image that the node has is not pulled again",
                    "strimzi",
                    m -> container(m).put("imagePullPolicy", "Always")),
            fault(
                    "a container requests CPU time",
                    "strimzi",
                    m -> at(container(m), "/resources/requests").remove("cpu")),
            fault(
                    "no container has a limit of CPU time",
                    "strimzi",
                    m -> at(container(m), "/resources/limits").put("cpu", "1")),
            fault(
                    "a container requests memory and is limited, to no less",
                    "strimzi",
                    m -> at(container(m), "/resources/limits").put("memory", "1Mi")),
            fault(
                    "no container gains rights",
                    "strimzi",
                    m -> at(container(m), "/securityContext").remove("allowPrivilegeEscalation")),
            fault(
                    "no container is privileged",
                    "strimzi",
                    m -> at(container(m), "/securityContext").put("privileged", true)),
            fault(
                    "the root file system is read-only",
                    "strimzi",
                    m -> at(container(m), "/securityContext").remove("readOnlyRootFilesystem")),
            fault(
                    "a container drops all capabilities and adds none",
                    "strimzi",
                    m -> at(container(m), "/securityContext/capabilities")
                            .putArray("add")
                            .add("NET_ADMIN")),
            fault(
                    "no container chooses root",
                    "strimzi",
                    m -> at(container(m), "/securityContext").put("runAsUser", 0)),
            fault(
                    "a container that stays has a probe of readiness",
                    "strimzi",
                    m -> container(m).remove("readinessProbe")),
            fault(
                    "a container that stays has a probe of liveness, more patient than that of readiness",
                    "strimzi",
                    m -> at(container(m), "/livenessProbe").put("periodSeconds", 5)),
            fault(
                    "no port is one of the node",
                    "strimzi",
                    m -> at(container(m), "/ports/0").put("hostPort", 80)),
            fault(
                    "every port has a name",
                    "strimzi",
                    m -> at(container(m), "/ports/0").remove("name")),
            fault(
                    "no secret is written into a variable",
                    "strimzi",
                    m -> at(container(m), "/env/0")
                            .put("name", "REDIS_PASSWORD")
                            .put("value", "secret")),
            fault(
                    "no pod gets a token of the Kubernetes API",
                    "strimzi",
                    m -> pod(m).remove("automountServiceAccountToken")),
            fault(
                    "a pod has a service account of its own, without a token",
                    "strimzi",
                    m -> pod(m).put("serviceAccountName", "default")),
            fault(
                    "no pod runs as root",
                    "strimzi",
                    m -> at(pod(m), "/securityContext").put("runAsUser", 0)),
            fault(
                    "a pod has the runtime's seccomp profile",
                    "strimzi",
                    m -> at(pod(m), "/securityContext").remove("seccompProfile")),
            fault("no pod shares the node's network, processes or memory", "strimzi", m -> pod(m).put("hostPID", true)),
            fault(
                    "no pod mounts a folder of the node",
                    "strimzi",
                    m -> at(pod(m), "/volumes/0").putObject("hostPath").put("path", "/")),
            fault(
                    "a folder on the node's disk has a limit",
                    "strimzi",
                    m -> at(pod(m), "/volumes/0").putObject("emptyDir")),
            fault(
                    "every mount has its volume, and every volume a mount",
                    "strimzi",
                    m -> at(container(m), "/volumeMounts/0").put("name", "other")),
            fault(
                    "no pod gets the addresses of all services as variables",
                    "strimzi",
                    m -> pod(m).remove("enableServiceLinks")),
            fault("a pod has its time to stop", "strimzi", m -> pod(m).remove("terminationGracePeriodSeconds")),
            fault("a pod has a priority", "strimzi", m -> pod(m).remove("priorityClassName")),
            fault(
                    "pods of a role are spread over zones and nodes",
                    "strimzi",
                    m -> at(pod(m), "/topologySpreadConstraints/0/labelSelector/matchLabels")
                            .put("app.kubernetes.io/name", "other")),
            fault(
                    "one budget lets one pod of a role be evicted at a time",
                    "strimzi",
                    m -> at(m.get("PodDisruptionBudget", "penstock-worker"), "/spec")
                            .put("maxUnavailable", 0)),
            fault(
                    "a pod's labels are those that its workload selects",
                    "strimzi",
                    m -> at(worker(m), "/spec/template/metadata/labels").put("app.kubernetes.io/name", "other")),
            fault(
                    "a ConfigMap of a pod is there, and its name changes with its content",
                    "strimzi",
                    m -> at(container(m), "/envFrom/0/configMapRef").put("name", "penstock")),
            fault(
                    "no claim that only one node can mount is shared by the pods of a Deployment",
                    "models on a volume, no spare",
                    m -> ((ArrayNode) m.get("PersistentVolumeClaim", "penstock-models")
                                    .at("/spec/accessModes"))
                            .removeAll()
                            .add("ReadWriteOnce")),
            fault("the folder of the models is filled", "gpu", m -> pod(m).remove("initContainers")),
            fault(
                    "a Deployment rolls without losing a pod, or without needing a spare one",
                    "strimzi",
                    m -> at(worker(m), "/spec/strategy/rollingUpdate").put("maxUnavailable", 1)),
            fault(
                    "a Deployment that takes long to start is not called failed too soon",
                    "strimzi",
                    m -> at(worker(m), "/spec").put("progressDeadlineSeconds", 600)),
            fault(
                    "what is not allowed is denied, in both directions",
                    "strimzi",
                    m -> m.objects().remove(m.get("NetworkPolicy", "penstock-default-deny"))),
            fault(
                    "no policy lets everybody in",
                    "strimzi",
                    m -> at(m.get("NetworkPolicy", "penstock-callers"), "/spec/ingress/0")
                            .remove("from")),
            fault(
                    "a policy names the ports to which it lets a pod out, and where",
                    "strimzi",
                    m -> at(m.get("NetworkPolicy", "penstock-redis"), "/spec/egress/0")
                            .remove("ports")),
            fault(
                    "no policy lets a pod reach the credentials of its node",
                    "gpu",
                    m -> at(m.get("NetworkPolicy", "penstock-model-store"), "/spec/egress/0/to/0/ipBlock")
                            .remove("except")),
            fault(
                    "a pod may ask for names",
                    "strimzi",
                    m -> m.objects().remove(m.get("NetworkPolicy", "penstock-dns"))),
            fault(
                    "a service is inside the cluster, and its port is one of its pods",
                    "strimzi",
                    m -> at(m.get("Service", "penstock-ingress"), "/spec").put("type", "NodePort")),
            fault(
                    "the namespace takes only restricted pods",
                    "strimzi",
                    m -> at(m.get("Namespace", "penstock"), "/metadata").remove("labels")),
            fault(
                    "every object is in the namespace",
                    "strimzi",
                    m -> at(worker(m), "/metadata").put("namespace", "default")),
            fault(
                    "no object grants rights of the Kubernetes API",
                    "strimzi",
                    m -> worker(m).put("apiVersion", "rbac.authorization.k8s.io/v1")),
            fault("no object holds a secret", "strimzi", m -> worker(m).put("kind", "Secret")),
            fault(
                    "no object is of a version that goes away",
                    "strimzi",
                    m -> worker(m).put("apiVersion", "apps/v1beta2")),
            fault("names are there once", "strimzi", m -> m.objects().add(worker(m))),
            fault(
                    "what is scaled has one autoscaler and no number of its own",
                    "keda",
                    m -> at(worker(m), "/spec").put("replicas", 3)),
            fault(
                    "there are at least two pods of a role, except on a laptop",
                    "strimzi",
                    m -> at(worker(m), "/spec").put("replicas", 1)),
            fault(
                    "each pod is scraped once",
                    "observability",
                    m -> at(worker(m), "/spec/template/metadata/annotations").put("prometheus.io/scrape", "true")),
            fault(
                    "nodes of Kafka have limits, storage, and machines of their own",
                    "strimzi",
                    m -> at(m.get("KafkaNodePool", "nodes"), "/spec/resources/limits")
                            .remove("memory")),
            fault(
                    "nodes of Kafka are restricted pods",
                    "strimzi",
                    m -> at(m.get("KafkaNodePool", "nodes"), "/spec/template/kafkaContainer")
                            .remove("securityContext")),
            fault(
                    "Kafka asks its clients for a password, over TLS, and keeps to ACLs",
                    "strimzi",
                    m -> at(m.get("Kafka", "penstock"), "/spec/kafka/listeners/0")
                            .put("tls", false)),
            fault(
                    "the operators of topics and users are restricted pods",
                    "strimzi",
                    m -> at(m.get("Kafka", "penstock"), "/spec/entityOperator/template")
                            .remove("userOperatorContainer")));

    @BeforeAll
    static void assumeKubectl() {
        Kustomize.assumeInstalled();
    }

    static Stream<Manifests> all() {
        return Rendered.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void findsNothing(Manifests manifests) {
        assertThat(Rule.all())
                .allSatisfy(rule -> assertThat(rule.violations().apply(manifests))
                        .as(rule.name())
                        .isEmpty());
    }

    static Stream<Fault> faults() {
        return FAULTS.stream();
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aRuleFindsWhatBreaksIt(Fault fault) {
        Rule rule = Rule.all().stream()
                .filter(each -> each.name().equals(fault.rule))
                .findFirst()
                .orElseThrow();
        Manifests broken = Rendered.get(fault.rendered).copy();

        fault.change.accept(broken);

        assertThat(rule.violations().apply(broken)).isNotEmpty();
    }

    @Test
    void everyRuleHasAFault() {
        assertThat(Rule.all().stream().map(Rule::name))
                .containsExactlyElementsOf(FAULTS.stream().map(Fault::rule).toList());
    }

    private static Fault fault(String rule, String rendered, Consumer<Manifests> change) {
        return new Fault(rule, rendered, change);
    }

    private static ObjectNode worker(Manifests manifests) {
        return manifests.get("Deployment", "penstock-worker");
    }

    private static ObjectNode pod(Manifests manifests) {
        return at(worker(manifests), "/spec/template/spec");
    }

    private static ObjectNode container(Manifests manifests) {
        return at(pod(manifests), "/containers/0");
    }

    private static ObjectNode at(JsonNode object, String path) {
        return (ObjectNode) object.at(path);
    }
}
