package dev.penstock.kubernetes;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The objects of KEDA 2.20. No published Java library has their types, so these list the fields, ranges and choices of KEDA's API. */
final class Keda {
    /** What a trigger of each type can be told. {@code …FromEnv} reads a variable of the container that is scaled. */
    private static final Map<String, Set<String>> METADATA = Map.of(
            "cpu",
            Set.of("value", "containerName", "type"),
            "prometheus",
            Set.of(
                    "serverAddress",
                    "query",
                    "queryParameters",
                    "threshold",
                    "activationThreshold",
                    "namespace",
                    "customHeaders",
                    "ignoreNullValues",
                    "unsafeSsl",
                    "awsRegion",
                    "timeout",
                    "identityOwner",
                    "authModes"),
            "kafka",
            Set.of(
                    "bootstrapServers",
                    "bootstrapServersFromEnv",
                    "consumerGroup",
                    "consumerGroupFromEnv",
                    "topic",
                    "topicFromEnv",
                    "partitionLimitation",
                    "lagThreshold",
                    "activationLagThreshold",
                    "offsetResetPolicy",
                    "allowIdleConsumers",
                    "excludePersistentLag",
                    "scaleToZeroOnInvalidOffset",
                    "limitToPartitionsWithLag",
                    "ensureEvenDistributionOfPartitions",
                    "fullMetadata",
                    "version",
                    "tls",
                    "unsafeSsl",
                    "sasl",
                    "saslTokenProvider",
                    "awsRegion"));

    private static final Map<String, Set<String>> REQUIRED = Map.of(
            "cpu", Set.of("value"),
            "prometheus", Set.of("serverAddress", "query", "threshold"),
            "kafka", Set.of("consumerGroup"));

    private Keda() {}

    record ScaledObject(String apiVersion, String kind, ObjectMeta metadata, Spec spec) {}

    record Spec(
            Target scaleTargetRef,
            @Nullable Integer pollingInterval,
            @Nullable Integer initialCooldownPeriod,
            @Nullable Integer cooldownPeriod,
            @Nullable Integer idleReplicaCount,
            @Nullable Integer minReplicaCount,
            @Nullable Integer maxReplicaCount,
            @Nullable Advanced advanced,
            List<Trigger> triggers,
            @Nullable Fallback fallback) {
        Spec {
            atLeast("pollingInterval", pollingInterval, 1);
            atLeast("initialCooldownPeriod", initialCooldownPeriod, 0);
            atLeast("cooldownPeriod", cooldownPeriod, 0);
            atLeast("idleReplicaCount", idleReplicaCount, 0);
            atLeast("minReplicaCount", minReplicaCount, 0);
            atLeast("maxReplicaCount", maxReplicaCount, 1);
            check(!triggers.isEmpty(), "triggers must not be empty");
            check(
                    triggers.stream().map(Trigger::name).distinct().count() == triggers.size(),
                    "names of triggers must differ");
        }
    }

    record Target(
            String name,
            @Nullable String apiVersion,
            @Nullable String kind,
            @Nullable String envSourceContainerName) {}

    record Advanced(
            @Nullable AutoscalerConfig horizontalPodAutoscalerConfig,
            @Nullable Boolean restoreToOriginalReplicaCount,
            @Nullable ScalingModifiers scalingModifiers) {}

    record AutoscalerConfig(
            @Nullable HorizontalPodAutoscalerBehavior behavior,
            @Nullable String name) {}

    record ScalingModifiers(
            @Nullable String formula,
            @Nullable String target,
            @Nullable String activationTarget,
            @Nullable String metricType) {}

    record Fallback(
            Integer failureThreshold,
            Integer replicas,
            @Nullable String behavior) {
        Fallback {
            atLeast("failureThreshold", failureThreshold, 0);
            atLeast("replicas", replicas, 0);
            oneOf(
                    "behavior",
                    behavior,
                    "static",
                    "currentReplicas",
                    "currentReplicasIfHigher",
                    "currentReplicasIfLower",
                    "scalingModifiers");
        }
    }

    record Trigger(
            String type,
            @Nullable String name,
            @Nullable Boolean useCachedMetrics,
            Map<String, String> metadata,
            @Nullable AuthenticationRef authenticationRef,
            @Nullable String metricType) {
        Trigger {
            Set<String> known = METADATA.getOrDefault(type, Set.of());
            check(!known.isEmpty(), "type must be one of " + METADATA.keySet() + ", was " + type);
            check(
                    known.containsAll(metadata.keySet()),
                    "metadata of " + type + " must be of " + known + ", was " + metadata);
            check(
                    metadata.keySet().containsAll(REQUIRED.getOrDefault(type, Set.of())),
                    "metadata of " + type + " must have " + REQUIRED.get(type) + ", was " + metadata);
            oneOf("metricType", metricType, "AverageValue", "Value", "Utilization");
        }
    }

    record AuthenticationRef(String name, @Nullable String kind) {
        AuthenticationRef {
            oneOf("kind", kind, "TriggerAuthentication", "ClusterTriggerAuthentication");
        }
    }

    record TriggerAuthentication(String apiVersion, String kind, ObjectMeta metadata, AuthenticationSpec spec) {}

    /** Without the vaults of clouds. */
    record AuthenticationSpec(
            @Nullable List<Source> secretTargetRef,
            @Nullable List<Source> configMapTargetRef,
            @Nullable List<Variable> env) {}

    record Source(String parameter, String name, String key) {}

    record Variable(String parameter, String name, @Nullable String containerName) {}

    private static void atLeast(String name, @Nullable Integer value, int least) {
        check(value == null || value >= least, name + " must be at least " + least + ", was " + value);
    }

    private static void oneOf(String name, @Nullable String value, String... choices) {
        check(
                value == null || Set.of(choices).contains(value),
                name + " must be one of " + String.join(", ", choices) + ", was " + value);
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
