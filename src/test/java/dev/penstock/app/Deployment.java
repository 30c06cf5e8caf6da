package dev.penstock.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.yaml.snakeyaml.Yaml;

/** The deployment files of the repository. */
final class Deployment {
    static final Path KUBERNETES = Path.of("kubernetes/base");

    private static final Path DOCKERFILE = Path.of("src/main/docker/Dockerfile.jvm");
    private static final ObjectMapper JSON = new ObjectMapper();

    private Deployment() {}

    /** The environment of a Deployment's pods, without the variables that the image sets. */
    static Map<String, Map<String, String>> environments() {
        Map<String, Map<String, String>> environments = new TreeMap<>();
        for (String role : List.of("ingress", "worker")) {
            Map<String, String> kubernetes = new TreeMap<>();
            container(role)
                    .path("env")
                    .forEach(set -> kubernetes.put(
                            set.path("name").asText(), set.path("value").asText()));
            for (JsonNode literal : kustomization().at("/configMapGenerator/0/literals")) {
                String[] set = literal.asText().split("=", 2);
                kubernetes.put(set[0], set[1]);
            }
            environments.put("kubernetes, " + role, kubernetes);
        }
        return environments;
    }

    static JsonNode kustomization() {
        return documents(KUBERNETES.resolve("kustomization.yaml")).get(0);
    }

    /** The object of this kind in the role's manifest; there must be exactly one. */
    static JsonNode manifest(String role, String kind) {
        return documents(KUBERNETES.resolve(role + ".yml")).stream()
                .filter(document -> document.path("kind").asText().equals(kind))
                .findFirst()
                .orElseThrow();
    }

    static JsonNode pod(String role) {
        return manifest(role, "Deployment").at("/spec/template/spec");
    }

    static JsonNode container(String role) {
        return pod(role).at("/containers/0");
    }

    /** The value that the patch for all pods sets at this path. */
    static JsonNode patched(String path) {
        return elements(documents(KUBERNETES.resolve("pods.yml")).get(0))
                .filter(operation -> operation.path("path").asText().equals(path))
                .findFirst()
                .orElseThrow()
                .path("value");
    }

    /** The arguments of a Dockerfile instruction. */
    static String instruction(String name) {
        return firstGroup("(?m)^" + name + " (.*)$").orElseThrow();
    }

    /** The value of a variable that the image sets. */
    static String imageVariable(String name) {
        return firstGroup("(?m)^(?:ENV|   ) " + name + "=(\\S+)").orElseThrow();
    }

    static Stream<String> imageVariables() {
        return Pattern.compile("(?m)^(?:ENV|   ) ([A-Z_]+)=")
                .matcher(text(DOCKERFILE))
                .results()
                .map(found -> found.group(1));
    }

    static List<JsonNode> documents(Path file) {
        // Jackson's own parser does not support merge keys ("<<").
        return StreamSupport.stream(new Yaml().loadAll(text(file)).spliterator(), false)
                .map(document -> JSON.<JsonNode>valueToTree(document))
                .toList();
    }

    static Stream<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    private static Optional<String> firstGroup(String pattern) {
        return Pattern.compile(pattern)
                .matcher(text(DOCKERFILE))
                .results()
                .map(found -> found.group(1))
                .findFirst();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
