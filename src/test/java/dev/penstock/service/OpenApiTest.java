package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The description of the API says what the service does: its examples are sent, and the answers checked against it. */
@WholeService
class OpenApiTest {
    static final OpenApi WRITTEN = OpenApi.read(Path.of("src/main/resources/META-INF/openapi.yaml"));

    /** The description of the protocol, by its authors. */
    private static final OpenApi PROTOCOL =
            OpenApi.read(Path.of("src/test/resources/protocol/open_inference_rest.yaml"));

    /** Those that the description says nothing of: they are HTTP's own, or may be on every answer. */
    private static final Set<String> OF_EVERY_ANSWER = Set.of(
            "connection: close",
            "connection: keep-alive",
            "content-length",
            "content-type",
            "date",
            "transfer-encoding",
            "vary: origin");

    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest();
        TestModels.names().forEach(service::awaitModel);
    }

    @Test
    void isServedAsItIsWritten() throws Exception {
        Service.Answer json = service.get("/q/openapi?format=json", "Accept", "application/json");
        Service.Answer yaml = service.get("/q/openapi", "Accept", "application/yaml");

        assertThat(json.status()).isEqualTo(200);
        assertThat(json.header("Content-Type")).startsWith("application/json");
        assertThat(json.json()).isEqualTo(WRITTEN.document());
        assertThat(new YAMLMapper().readTree(yaml.body())).isEqualTo(WRITTEN.document());
    }

    @Test
    void hasAPageForPeopleInTheLocalStack() {
        Service.Answer page = service.get("/q/swagger-ui/", "Accept", "text/html");

        assertThat(page.status()).isEqualTo(200);
        assertThat(page.text()).contains("/q/openapi");
    }

    static Stream<OpenApi.Operation> operations() {
        return WRITTEN.operations().stream();
    }

    static Stream<OpenApi.Example> examples() {
        return operations().flatMap(operation -> operation.examples().stream());
    }

    /** The others need something before the call. */
    static Stream<OpenApi.Example> calls() {
        return examples().filter(example -> !OpenApiErrorsTest.isArranged(example));
    }

    @Test
    void everyOperationHasAnExample() {
        assertThat(operations()).allSatisfy(each -> assertThat(each.examples()).isNotEmpty());
    }

    /** A body that no answer belongs to would not be sent. */
    @Test
    void everyBodyHasAnAnswer() {
        assertThat(operations())
                .allSatisfy(each -> assertThat(each.examples().stream().map(OpenApi.Example::name))
                        .containsAll(each.bodies().keySet()));
    }

    @Test
    void theExamplesHaveTheFormThatTheirSchemasSay() {
        for (OpenApi.Example example : (Iterable<OpenApi.Example>) examples()::iterator) {
            OpenApi.Operation operation = example.operation();
            if (!example.body().isMissingNode() && example.status() != 400) {
                JsonNode schema = operation.node().at("/requestBody/content/application~1json/schema");
                assertThat(WRITTEN.faults(schema, example.body(), true))
                        .as(example.toString())
                        .isEmpty();
            }
            JsonNode content = operation.response(example.status()).at("/content/application~1json");
            JsonNode answer =
                    WRITTEN.resolve(content.path("examples"), example.name()).path("value");
            if (!answer.isMissingNode()) {
                assertThat(WRITTEN.faults(content.path("schema"), answer, true))
                        .as(example.toString())
                        .isEmpty();
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("calls")
    void answersAsItSays(OpenApi.Example example) {
        for (String accept : List.of("*/*", "application/problem+json, */*")) {
            Service.Answer answer = example.send(service, accept);

            assertThat(answer.status()).as(answer::text).isEqualTo(example.status());
            requireDescribed(example.operation(), answer, accept);
            follow(example.operation(), answer);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"serverLive", "serverReady", "modelMetadata", "modelReady", "modelConfig"})
    void showsWhatTheSampleModelAnswers(String operation) {
        OpenApi.Example example = WRITTEN.operation(operation).examples().getFirst();
        JsonNode shown = example.operation()
                .response(200)
                .at("/content/application~1json/examples")
                .path(example.name())
                .path("value");

        assertThat(example.send(service, "*/*").json()).isEqualTo(shown);
    }

    /** Takes each way that the description shows from an answer to another call. */
    private void follow(OpenApi.Operation operation, Service.Answer answer) {
        operation.response(answer.status()).path("links").forEach(link -> {
            Map<String, String> parameters = new HashMap<>();
            link.path("parameters")
                    .properties()
                    .forEach(parameter -> parameters.put(
                            parameter.getKey(), value(parameter.getValue().asText(), answer)));
            OpenApi.Operation next = WRITTEN.operation(link.path("operationId").asText());

            Service.Answer after = next.follow(parameters).send(service, "*/*");

            assertThat(after.status()).as(after::text).isLessThan(500).isNotIn(400, 404);
            assertThat(next.node().path("responses").has(String.valueOf(after.status())))
                    .as(next.id() + ": " + after.status())
                    .isTrue();
            requireDescribed(next, after, "*/*");
        });
    }

    private static String value(String expression, Service.Answer answer) {
        String body = "$response.body#";
        String header = "$response.header.";
        if (expression.startsWith(body)) {
            return answer.json().at(expression.substring(body.length())).asText();
        }
        return expression.startsWith(header) ? answer.header(expression.substring(header.length())) : expression;
    }

    static void requireDescribed(OpenApi.Operation operation, Service.Answer answer, String accept) {
        JsonNode response = operation.response(answer.status());
        String what = operation.id() + ": " + answer.status() + " " + answer.text();
        requireHeaders(response.path("headers"), answer, what);
        if (answer.body().length == 0) {
            assertThat(response.has("content")).as(what).isFalse();
            return;
        }
        String type = answer.header("Content-Type").split(";", 2)[0];
        JsonNode content = response.path("content").path(type);
        assertThat(content.isMissingNode()).as(what + " as " + type).isFalse();
        if (answer.status() >= 400) {
            assertThat(type.contains("problem")).as(what).isEqualTo(accept.contains("problem"));
        }
        if (type.endsWith("json")) {
            assertThat(WRITTEN.faults(content.path("schema"), answer.json(), true))
                    .as(what)
                    .isEmpty();
        }
    }

    private static void requireHeaders(JsonNode described, Service.Answer answer, String what) {
        Set<String> names = new TreeSet<>();
        described.properties().forEach(header -> {
            names.add(header.getKey().toLowerCase(Locale.ROOT));
            if (WRITTEN.resolve(header.getValue()).path("required").asBoolean()) {
                assertThat(answer.header(header.getKey()))
                        .as(what + " " + header.getKey())
                        .isNotEmpty();
            }
        });
        answer.response().headers().map().forEach((name, values) -> {
            String header = name.toLowerCase(Locale.ROOT);
            String field = header + ": " + values.getFirst().toLowerCase(Locale.ROOT);
            assertThat(names.contains(header) || OF_EVERY_ANSWER.contains(header) || OF_EVERY_ANSWER.contains(field))
                    .as(what + " " + field)
                    .isTrue();
        });
    }

    static Stream<OpenApi.Operation> operationsOfTheProtocol() {
        return PROTOCOL.operations().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operationsOfTheProtocol")
    void answersAsTheProtocolsOwnDescriptionSays(OpenApi.Operation operation) {
        // It writes its parameters in the way of shells, and the address of the server with a slash that its text does
        // not have.
        String path = operation
                .path()
                .replace("${MODEL_NAME}", "digits")
                .replace("${MODEL_VERSION}", "1")
                .replaceFirst("/$", "");
        Service.Answer answer = service.send(
                operation.method().toUpperCase(Locale.ROOT),
                path,
                operation.node().has("requestBody")
                        ? BodyPublishers.ofString(seven().toString())
                        : BodyPublishers.noBody(),
                "Accept",
                "application/json");

        assertThat(answer.status()).as(answer::text).isEqualTo(200);
        requireFormOfTheProtocol(operation, answer);
    }

    /** Statuses other than 400 have no body of their own in the description; the protocol's text gives every failed request this one. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            digits  | []                       | 400 | body: must be an object
            digits  | {}                       | 400 | inputs: is required
            digits  | {"inputs":[]}            | 400 | inputs
            digits  | {"inputs":[{"name":"x"}]} | 400 | inputs[0]
            digits  | not json                 | 400 | body: must be valid JSON
            nothing | {"inputs":[]}            | 404 | nothing
            """)
    void refusesAsTheProtocolsOwnDescriptionSays(String model, String body, int status, String says) {
        JsonNode schema = PROTOCOL.document().at("/components/schemas/inference_error_response");
        assertThat(schema.path("properties").has("error")).isTrue();

        for (String accept : List.of("application/json", "*/*")) {
            Service.Answer answer = service.post("/v2/models/" + model + "/versions/1/infer", body, "Accept", accept);

            assertThat(answer.status()).as(answer::text).isEqualTo(status);
            assertThat(answer.header("Content-Type")).isEqualTo("application/json");
            assertThat(PROTOCOL.faults(schema, answer.json(), true))
                    .as(answer::text)
                    .isEmpty();
            assertThat(answer.json().path("error").asText()).contains(says);
        }
    }

    @Test
    void ourExampleIsARequestOfTheProtocol() {
        JsonNode schema = PROTOCOL.document().at("/components/schemas/inference_request");

        assertThat(PROTOCOL.faults(schema, seven(), false)).isEmpty();
    }

    private static void requireFormOfTheProtocol(OpenApi.Operation operation, Service.Answer answer) {
        JsonNode schema = operation.response(answer.status()).at("/content/application~1json/schema");
        if (!schema.isMissingNode()) { // Of health it describes the status alone.
            assertThat(PROTOCOL.faults(schema, answer.json(), false))
                    .as(answer.text())
                    .isEmpty();
        }
    }

    static JsonNode seven() {
        return WRITTEN.document().at("/components/examples/seven/value");
    }
}
