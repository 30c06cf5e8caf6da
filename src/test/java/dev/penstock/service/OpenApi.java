package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonMetaSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.NonValidationKeyword;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A description of an API in the form of OpenAPI. */
record OpenApi(JsonNode document) {
    static final Set<String> METHODS = Set.of("get", "post", "put", "delete");
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.builder(
                    JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012))
            .metaSchema(JsonMetaSchema.builder(JsonMetaSchema.getV202012())
                    .keyword(new NonValidationKeyword("components"))
                    .keyword(new NonValidationKeyword("x-examples"))
                    .build())
            .build();

    static OpenApi read(Path yaml) {
        try {
            return new OpenApi(new YAMLMapper().readTree(Files.readString(yaml)));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** What follows the reference, if the node is one. */
    JsonNode resolve(JsonNode node) {
        String reference = node.path("$ref").asText();
        return reference.isEmpty() ? node : document.at(reference.substring(1));
    }

    JsonNode resolve(JsonNode parent, String member) {
        return resolve(parent.path(member));
    }

    /** Every operation, in the order of the document. */
    List<Operation> operations() {
        List<Operation> operations = new ArrayList<>();
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().stream()
                        .filter(member -> METHODS.contains(member.getKey()))
                        .forEach(member -> operations.add(new Operation(
                                this, path.getKey(), member.getKey(), path.getValue(), member.getValue()))));
        return operations;
    }

    Operation operation(String id) {
        return operations().stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /**
     * What is wrong with a value by its schema.
     *
     * @param isStrict whether no object may have members that its schema does not name
     */
    Set<String> faults(JsonNode schema, JsonNode value, boolean isStrict) {
        ObjectNode whole = schema.deepCopy();
        whole.set("components", document.path("components").deepCopy());
        if (isStrict) {
            whole.findParents("properties").stream()
                    .filter(parent -> parent.path("properties").isObject() && !parent.has("additionalProperties"))
                    .forEach(parent -> ((ObjectNode) parent).put("additionalProperties", false));
        }
        Set<String> faults = new TreeSet<>();
        for (ValidationMessage fault : SCHEMAS.getSchema(whole).validate(value)) {
            faults.add(fault.getMessage());
        }
        return faults;
    }

    /** A method at a path. */
    record Operation(OpenApi api, String path, String method, JsonNode address, JsonNode node) {
        String id() {
            return node.path("operationId").asText();
        }

        private Stream<JsonNode> parameters() {
            return Stream.concat(
                            Stream.of(address.path("parameters")).flatMap(OpenApi::elements),
                            Stream.of(node.path("parameters")).flatMap(OpenApi::elements))
                    .map(api::resolve);
        }

        /** The response that the description has for a status. */
        JsonNode response(int status) {
            JsonNode responses = node.path("responses");
            return api.resolve(responses, responses.has(String.valueOf(status)) ? String.valueOf(status) : "default");
        }

        /** The calls that the examples make. Each response with an example is the answer to the call of that name. */
        List<Example> examples() {
            List<Example> examples = new ArrayList<>();
            node.path("responses").properties().forEach(entry -> {
                JsonNode response = api.resolve(entry.getValue());
                response.path("content")
                        .properties()
                        .forEach(content -> content.getValue()
                                .path("examples")
                                .properties()
                                .forEach(example -> examples.add(example(
                                        example.getKey(), Integer.parseInt(entry.getKey()), Optional.empty()))));
            });
            return examples;
        }

        /** Every example in the description of the body of a request. */
        Map<String, JsonNode> bodies() {
            Map<String, JsonNode> bodies = new LinkedHashMap<>();
            node.at("/requestBody/content/application~1json/examples")
                    .properties()
                    .forEach(example -> bodies.put(
                            example.getKey(), api.resolve(example.getValue()).path("value")));
            return bodies;
        }

        /** The call that a link of a response leads to. */
        Example follow(Map<String, String> parameters) {
            return example("link", 0, Optional.of(parameters));
        }

        private Example example(String name, int status, Optional<Map<String, String>> given) {
            String filled = path;
            Map<String, String> headers = new TreeMap<>();
            for (JsonNode parameter : (Iterable<JsonNode>) parameters()::iterator) {
                String parameterName = parameter.path("name").asText();
                Optional<String> value = given.map(values -> Optional.ofNullable(values.get(parameterName)))
                        .orElseGet(() -> value(parameter, name));
                if (value.isEmpty()) {
                    continue;
                }
                if (parameter.path("in").asText().equals("path")) {
                    filled = filled.replace("{" + parameterName + "}", URLEncoder.encode(value.get(), UTF_8));
                } else {
                    headers.put(parameterName, value.get());
                }
            }
            JsonNode body = bodies().getOrDefault(name, MissingNode.getInstance());
            return new Example(this, name, filled, status, headers, body);
        }

        /** Of a parameter that must be there, the first example stands for those without one of their own. */
        private static Optional<String> value(JsonNode parameter, String name) {
            JsonNode examples = parameter.path("examples");
            JsonNode value = examples.path(name).path("value");
            if (value.isMissingNode() && parameter.path("required").asBoolean()) {
                value = examples.elements().next().path("value");
            }
            return value.isMissingNode() ? Optional.empty() : Optional.of(value.asText());
        }
    }

    /**
     * A call, and the status of its answer.
     *
     * @param status 0 where any that the description has will do
     * @param body missing where there is none
     */
    record Example(
            Operation operation, String name, String path, int status, Map<String, String> headers, JsonNode body) {
        Service.Answer send(Service service, String accept) {
            List<String> all = new ArrayList<>(List.of("Accept", accept));
            headers.forEach((header, value) -> all.addAll(List.of(header, value)));
            BodyPublisher publisher =
                    body.isMissingNode() ? BodyPublishers.noBody() : BodyPublishers.ofString(body.toString());
            return service.send(
                    operation.method().toUpperCase(Locale.ROOT), path, publisher, all.toArray(String[]::new));
        }

        /** The answer that the description shows. */
        JsonNode answer() {
            return operation
                    .api()
                    .resolve(operation.response(status).at("/content/application~1json/examples"), name)
                    .path("value");
        }

        @Override
        public String toString() {
            return operation.id() + ": " + name + ", " + status;
        }
    }

    private static Stream<JsonNode> elements(JsonNode array) {
        return array.valueStream();
    }
}
