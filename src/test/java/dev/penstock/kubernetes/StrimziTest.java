package dev.penstock.kubernetes;

import static dev.penstock.kubernetes.Manifests.elements;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.kafka.TopicLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The topics and rights that the overlay declares are those that the service needs. */
final class StrimziTest {
    private static final Pattern COMMAND = Pattern.compile("(?m)^\\$acls --allow-principal User:(\\w+) (.*)$");

    @BeforeAll
    static void assumeKubectl() {
        Kustomize.assumeInstalled();
    }

    @Test
    void theTopicsAreThoseThatPenstockWouldCreate() {
        TopicLayout layout = new TopicLayout(
                true, 120, 8, Optional.of((short) 3), 10 * 1024 * 1024 + 64 * 1024, Duration.ofHours(24));
        Map<String, String> expected = Stream.of(
                        layout.shared(), layout.ofModel("digits"), layout.ofIngressWarmUp(), layout.ofWorkerWarmUp())
                .flatMap(List::stream)
                .collect(Collectors.toMap(NewTopic::name, StrimziTest::description, (a, b) -> a, TreeMap::new));

        Map<String, String> declared = Rendered.overlay("strimzi")
                .of("KafkaTopic")
                .collect(Collectors.toMap(StrimziTest::topicName, StrimziTest::description, (a, b) -> a, TreeMap::new));

        assertThat(declared).isEqualTo(expected);
    }

    private static String description(NewTopic topic) {
        return topic.numPartitions() + " x " + topic.replicationFactor() + " " + new TreeMap<>(topic.configs());
    }

    /** Kubernetes takes no underscore in a name. */
    private static String topicName(JsonNode topic) {
        return topic.at("/spec/topicName").asText(Manifests.nameOf(topic));
    }

    private static String description(JsonNode topic) {
        Map<String, String> settings = new TreeMap<>();
        topic.at("/spec/config")
                .properties()
                .forEach(set -> settings.put(set.getKey(), set.getValue().asText()));
        return topic.at("/spec/partitions").asInt() + " x "
                + topic.at("/spec/replicas").asInt() + " " + settings;
    }

    /** Besides, both may look at the settings of topics, which docs/security.md recommends. */
    @ParameterizedTest
    @ValueSource(strings = {"ingress", "worker"})
    void aRoleHasTheRightsThatTheDocumentationLists(String role) throws IOException {
        Set<String> declared = rights("penstock-" + role);

        assertThat(declared)
                .containsExactlyInAnyOrderElementsOf(documented(role))
                .hasSizeGreaterThan(10);
    }

    @Test
    void kedaMayReadTheLagAndNoRecord() {
        assertThat(rights("penstock-scaler")).hasSize(3).allMatch(right -> right.endsWith(" Describe"));
    }

    private static Set<String> rights(String user) {
        Set<String> rights = new TreeSet<>();
        for (JsonNode acl : Rendered.overlay("strimzi").get("KafkaUser", user).at("/spec/authorization/acls")) {
            elements(acl.path("operations"))
                    .map(operation -> right(
                            acl.at("/resource/type").asText(),
                            acl.at("/resource/name").asText(),
                            acl.at("/resource/patternType").asText().equals("prefix"),
                            operation.asText()))
                    .filter(right -> !right.equals("topic penstock.* DescribeConfigs"))
                    .forEach(rights::add);
        }
        return rights;
    }

    private static Set<String> documented(String role) throws IOException {
        Set<String> rights = new TreeSet<>();
        COMMAND.matcher(Files.readString(Path.of("docs/security.md")))
                .results()
                .filter(command -> command.group(1).equals(role))
                .forEach(command -> {
                    String options = command.group(2);
                    boolean isPrefix = options.contains("--resource-pattern-type prefixed");
                    for (String type : Set.of("topic", "group")) {
                        values(options, type)
                                .forEach(name -> values(options, "operation")
                                        .forEach(operation -> rights.add(right(type, name, isPrefix, operation))));
                    }
                });
        return rights;
    }

    private static Stream<String> values(String options, String option) {
        return Pattern.compile("--" + option + " (\\S+)")
                .matcher(options)
                .results()
                .map(found -> found.group(1));
    }

    private static String right(String type, String name, boolean isPrefix, String operation) {
        return type + " " + name + (isPrefix ? "*" : "") + " " + operation;
    }
}
