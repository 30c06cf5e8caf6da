package dev.penstock.kubernetes;

import static java.util.Map.entry;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.scheduling.v1.PriorityClass;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.strimzi.api.kafka.model.kafka.Kafka;
import io.strimzi.api.kafka.model.nodepool.KafkaNodePool;
import io.strimzi.api.kafka.model.topic.KafkaTopic;
import io.strimzi.api.kafka.model.user.KafkaUser;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Reads an object into the type of its kind, from the libraries of Kubernetes, the Prometheus operator and Strimzi. Those accept everything:
 * they keep unknown fields aside, convert scalars, and drop unknown choices. Here all are errors, as they are for
 * {@code kubectl apply --validate=strict}. The types do not say which fields are required.
 */
final class StrictTypes {
    private static final Map<String, Class<?>> TYPES = Map.ofEntries(
            entry("v1/Namespace", Namespace.class),
            entry("v1/ConfigMap", ConfigMap.class),
            entry("v1/Service", Service.class),
            entry("v1/ServiceAccount", ServiceAccount.class),
            entry("v1/PersistentVolumeClaim", PersistentVolumeClaim.class),
            entry("apps/v1/Deployment", Deployment.class),
            entry("apps/v1/StatefulSet", StatefulSet.class),
            entry("autoscaling/v2/HorizontalPodAutoscaler", HorizontalPodAutoscaler.class),
            entry("networking.k8s.io/v1/NetworkPolicy", NetworkPolicy.class),
            entry("policy/v1/PodDisruptionBudget", PodDisruptionBudget.class),
            entry("scheduling.k8s.io/v1/PriorityClass", PriorityClass.class),
            entry("monitoring.coreos.com/v1/PodMonitor", PodMonitor.class),
            entry("monitoring.coreos.com/v1/PrometheusRule", PrometheusRule.class),
            entry("keda.sh/v1alpha1/ScaledObject", Keda.ScaledObject.class),
            entry("keda.sh/v1alpha1/TriggerAuthentication", Keda.TriggerAuthentication.class),
            entry("kafka.strimzi.io/v1/Kafka", Kafka.class),
            entry("kafka.strimzi.io/v1/KafkaNodePool", KafkaNodePool.class),
            entry("kafka.strimzi.io/v1/KafkaTopic", KafkaTopic.class),
            entry("kafka.strimzi.io/v1/KafkaUser", KafkaUser.class));

    private static final ObjectMapper STRICT = strict();

    private StrictTypes() {}

    /** What is wrong with the object; empty when nothing is. */
    static Optional<String> fault(JsonNode object) {
        String type =
                object.path("apiVersion").asText() + "/" + object.path("kind").asText();
        Class<?> known = TYPES.get(type);
        if (known == null) {
            return Optional.of(type + " is a kind that nothing here needs");
        }
        try {
            ObjectNode understood = STRICT.valueToTree(STRICT.treeToValue(object, known));
            // Strimzi's types stand for several versions, and write the oldest.
            understood.set("apiVersion", object.path("apiVersion"));
            return lost("", object, understood);
        } catch (JsonProcessingException fault) {
            return Optional.of(String.valueOf(fault.getMessage()));
        }
    }

    /** The first value that reading has lost. Types read a choice that they do not know, such as a kind of listener, as nothing. */
    private static Optional<String> lost(String path, JsonNode written, JsonNode understood) {
        if (written.isValueNode()) {
            return written.asText().equals(understood.asText())
                    ? Optional.empty()
                    : Optional.of(path + " has no choice " + written.asText());
        }
        Stream<Optional<String>> parts = written.isArray()
                ? IntStream.range(0, written.size())
                        .mapToObj(i -> lost(path + "/" + i, written.path(i), understood.path(i)))
                : written.properties().stream()
                        .map(set -> lost(path + "/" + set.getKey(), set.getValue(), understood.path(set.getKey())));
        return parts.flatMap(Optional::stream).findFirst();
    }

    private static ObjectMapper strict() {
        JsonMapper mapper = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                .annotationIntrospector(new NothingAside())
                .build();
        for (CoercionInputShape shape : new CoercionInputShape[] {
            CoercionInputShape.Integer, CoercionInputShape.Float, CoercionInputShape.Boolean
        }) {
            mapper.coercionConfigFor(LogicalType.Textual).setCoercion(shape, CoercionAction.Fail);
        }
        return mapper;
    }

    /** Passes over the annotations by which types keep unknown fields, or ignore them. */
    private static final class NothingAside extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1;

        @Override
        public Boolean hasAnySetter(Annotated method) {
            return false;
        }

        /** Types leave out what is the default anyway. */
        @Override
        public JsonInclude.Value findPropertyInclusion(Annotated property) {
            return JsonInclude.Value.construct(JsonInclude.Include.ALWAYS, JsonInclude.Include.ALWAYS);
        }

        @Override
        public JsonIgnoreProperties.Value findPropertyIgnoralByName(MapperConfig<?> config, Annotated type) {
            return JsonIgnoreProperties.Value.empty();
        }
    }
}
