package dev.penstock.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The objects that one rendered folder has. Tests may change them in a {@link #copy()}. */
record Manifests(String name, List<ObjectNode> objects) {
    static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private static final Set<String> WORKLOADS = Set.of("Deployment", "StatefulSet", "DaemonSet");

    static Manifests parse(String name, String yaml) throws IOException {
        try (MappingIterator<ObjectNode> documents =
                YAML.readerFor(ObjectNode.class).readValues(yaml)) {
            return new Manifests(name, documents.readAll());
        }
    }

    Manifests copy() {
        return new Manifests(
                name, new ArrayList<>(objects.stream().map(ObjectNode::deepCopy).toList()));
    }

    Stream<ObjectNode> of(String kind) {
        return objects.stream().filter(object -> object.path("kind").asText().equals(kind));
    }

    Optional<ObjectNode> find(String kind, String name) {
        return of(kind).filter(object -> nameOf(object).equals(name)).findFirst();
    }

    ObjectNode get(String kind, String name) {
        return find(kind, name).orElseThrow(() -> new AssertionError("no " + kind + " " + name + " in " + this.name));
    }

    /** Objects with a template of pods. */
    Stream<ObjectNode> workloads() {
        return objects.stream()
                .filter(object -> WORKLOADS.contains(object.path("kind").asText()));
    }

    static String nameOf(JsonNode object) {
        return object.at("/metadata/name").asText();
    }

    /** Kind and name, for messages. */
    static String title(JsonNode object) {
        return object.path("kind").asText() + " " + nameOf(object);
    }

    static JsonNode pod(JsonNode workload) {
        return workload.at("/spec/template/spec");
    }

    static JsonNode labels(JsonNode workload) {
        return workload.at("/spec/template/metadata/labels");
    }

    /** Those that run as long as the pod. */
    static Stream<JsonNode> containers(JsonNode workload) {
        return elements(pod(workload).path("containers"));
    }

    static Stream<JsonNode> allContainers(JsonNode workload) {
        return Stream.concat(elements(pod(workload).path("initContainers")), containers(workload));
    }

    /** Whether a selector of labels, without expressions, selects these labels. */
    static boolean selects(JsonNode matchLabels, JsonNode labels) {
        return matchLabels.properties().stream()
                .allMatch(label -> labels.path(label.getKey()).equals(label.getValue()));
    }

    /** What a container's configuration comes from: its ConfigMaps and its literal variables. */
    Map<String, String> environment(JsonNode container) {
        Map<String, String> variables = new HashMap<>();
        elements(container.path("envFrom"))
                .flatMap(from -> find("ConfigMap", from.at("/configMapRef/name").asText()).stream())
                .flatMap(map -> map.path("data").properties().stream())
                .forEach(each -> variables.put(each.getKey(), each.getValue().asText()));
        elements(container.path("env"))
                .filter(each -> each.has("value"))
                .forEach(each -> variables.put(
                        each.path("name").asText(), each.path("value").asText()));
        return variables;
    }

    static Stream<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    @Override
    public String toString() {
        return name;
    }
}
