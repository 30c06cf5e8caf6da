package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.messages.RequestIds;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The description of the API shows the errors that a caller can hear. Each is brought about here, and has the words that are shown. */
@WholeService
class OpenApiErrorsTest {
    /** Brings an error about, at the address of the example or with its id. */
    private interface Arrangement {
        Service.Answer answer(OpenApiErrorsTest test, OpenApi.Example example, String accept);
    }

    private static final String ANY = "*/*";

    /** About half a second, and much more on a busy machine. */
    private static final String LONG_RUN = numbers("turns", 1_000_000);

    private static final Map<String, Arrangement> ARRANGED = Map.ofEntries(
            Map.entry(
                    "not-acceptable",
                    (test, example, accept) -> test.service.get(
                            example.path(),
                            "Accept",
                            accept.equals(ANY) ? "text/xml" : "text/xml, application/problem+json")),
            Map.entry("already-completed", (test, example, accept) -> test.cancelADoneRequest(accept)),
            Map.entry("cancelled", OpenApiErrorsTest::repeatACancelledCall),
            Map.entry("gone", (test, example, accept) -> test.at(example, issued(Duration.ofHours(2)), accept)),
            Map.entry("overdue", (test, example, accept) -> test.at(example, issued(Duration.ofMinutes(2)), accept)),
            Map.entry(
                    "too-large",
                    (test, example, accept) ->
                            test.service.post(example.path(), new byte[1_048_577], "Accept", accept)),
            Map.entry("key-reused", OpenApiErrorsTest::useAKeyTwice),
            Map.entry(
                    "failed",
                    (test, example, accept) ->
                            test.service.post(of(TestModels.PICK, example), numbers("index", 99), "Accept", accept)),
            Map.entry("no-capacity", OpenApiErrorsTest::callABusyModel),
            Map.entry(
                    "late",
                    (test, example, accept) -> test.until(
                            504,
                            () -> test.service.post(
                                    of(TestModels.PATIENCE, example),
                                    LONG_RUN,
                                    "Penstock-Timeout-Ms",
                                    "100",
                                    "Accept",
                                    accept))));

    /** To their calls an HTTP client does not put itself: bytes. */
    private static final Map<String, String> BYTES = Map.of(
            "too-slow", "POST %s HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n{\"",
            "no-length", "POST %s HTTP/1.1\r\nHost: test\r\n\r\n");

    /** It needs a service with a quota: {@link QuotaTest}. */
    private static final String OVER_QUOTA = "over-quota";

    private Service service;

    static boolean isArranged(OpenApi.Example example) {
        return ARRANGED.containsKey(example.name())
                || isBytes(example)
                || example.name().equals(OVER_QUOTA);
    }

    private static boolean isBytes(OpenApi.Example example) {
        return BYTES.containsKey(example.name());
    }

    static Stream<OpenApi.Example> arranged() {
        return OpenApiTest.examples().filter(example -> ARRANGED.containsKey(example.name()));
    }

    static Stream<OpenApi.Example> bytes() {
        return OpenApiTest.examples().filter(OpenApiErrorsTest::isBytes);
    }

    static OpenApi.Example overQuota(String operation) {
        return OpenApiTest.WRITTEN.operation(operation).examples().stream()
                .filter(example -> example.name().equals(OVER_QUOTA))
                .findFirst()
                .orElseThrow();
    }

    @BeforeEach
    void connect() {
        service = Service.underTest();
        for (String model : List.of("digits", TestModels.PICK, TestModels.PATIENCE)) {
            service.awaitModel(model);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("arranged")
    void answersAsItSays(OpenApi.Example example) {
        for (String accept : List.of(ANY, "application/problem+json, */*")) {
            Service.Answer answer =
                    Objects.requireNonNull(ARRANGED.get(example.name())).answer(this, example, accept);

            assertThat(answer.status()).as(answer::text).isEqualTo(example.status());
            requireShown(example, answer.json());
            OpenApiTest.requireDescribed(example.operation(), answer, accept);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bytes")
    void answersBytesAsItSays(OpenApi.Example example) throws IOException {
        try (Wire wire = Wire.open()) {
            wire.send(Objects.requireNonNull(BYTES.get(example.name())).formatted(example.path()));
            Wire.Answer answer = wire.read();

            assertThat(answer.status()).as(answer.toString()).isEqualTo(example.status());
            requireShown(example, answer.json());
        }
    }

    /** Those without one: of a service that cannot reach Kafka or Redis, whose models are not ready, or that has a bug. */
    @Test
    void everyErrorOfACallHasAnExample() {
        Set<String> without = new TreeSet<>();
        OpenApiTest.operations()
                .forEach(operation -> operation
                        .node()
                        .path("responses")
                        .fieldNames()
                        .forEachRemaining(status -> {
                            if (status.compareTo("408") >= 0
                                    && status.compareTo("504") <= 0
                                    && operation
                                            .response(Integer.parseInt(status))
                                            .at("/content/application~1json/examples")
                                            .isEmpty()) {
                                without.add(operation.id() + " " + status);
                            }
                        }));

        assertThat(without)
                .containsExactly(
                        "cancel 503",
                        "events 503",
                        "modelReady 503",
                        "modelVersionReady 503",
                        "poll 503",
                        "serverReady 503");
    }

    /** The words are those of the example, but for numbers, ids and names. */
    static void requireShown(OpenApi.Example example, JsonNode answer) {
        assertThat(words(answer.path("error").asText()))
                .isEqualTo(words(example.answer().path("error").asText()));
    }

    private static String words(String error) {
        return error.replaceAll("/v2/requests/\\S+", "/v2/requests/ID")
                // Which limit is met first depends on how much is queued.
                .replaceAll("a synchronous call, which .*? longer;", "a deadline of 0 s;")
                .replaceAll("'[^']*'", "NAME")
                .replaceAll("\\d+(\\.\\d+)?", "N");
    }

    private Service.Answer at(OpenApi.Example example, String id, String accept) {
        return service.send(
                example.operation().method().toUpperCase(Locale.ROOT),
                example.operation().path().replace("{id}", id),
                BodyPublishers.noBody(),
                "Accept",
                accept);
    }

    /** The id of an asynchronous request whose outcome was due at that time before now. */
    private static String issued(Duration ago) {
        return new RequestIds(ServiceStack.REQUEST_ID_KEY.getBytes(UTF_8))
                .issue(Instant.now().minus(ago).toEpochMilli(), 1000, 0, 1, 2 * (int) (System.nanoTime() >>> 2))
                .toString();
    }

    private Service.Answer cancelADoneRequest(String accept) {
        String location = submit("/v2/models/digits/infer", OpenApiTest.seven().toString());
        assertThat(service.get(location, "Prefer", "wait=60")
                        .json()
                        .path("status")
                        .asText())
                .isEqualTo("succeeded");
        return cancel(location, accept);
    }

    private Service.Answer repeatACancelledCall(OpenApi.Example example, String accept) {
        String key = UUID.randomUUID().toString();
        String path = of(TestModels.PATIENCE, example);
        List<String> before = List.of(submit(path, LONG_RUN), submit(path, LONG_RUN));
        String location = service.post(path, numbers("turns", 1), "Prefer", "respond-async", "Idempotency-Key", key)
                .header("Location");
        cancel(location, ANY);
        before.forEach(each -> cancel(each, ANY));
        return service.post(path, numbers("turns", 1), "Idempotency-Key", key, "Accept", accept);
    }

    private Service.Answer useAKeyTwice(OpenApi.Example example, String accept) {
        String key = UUID.randomUUID().toString();
        String body = OpenApiTest.seven().toString();
        assertThat(service.post(example.path(), body, "Idempotency-Key", key).status())
                .isEqualTo(200);
        return service.post(example.path(), body + " ", "Idempotency-Key", key, "Accept", accept);
    }

    private Service.Answer callABusyModel(OpenApi.Example example, String accept) {
        String path = of(TestModels.PATIENCE, example);
        List<String> queued = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            queued.add(submit(path, LONG_RUN));
        }
        try {
            return until(
                    503, () -> service.post(path, numbers("turns", 1), "Penstock-Timeout-Ms", "100", "Accept", accept));
        } finally {
            queued.forEach(location -> cancel(location, ANY));
        }
    }

    /** Repeats a call until it has this status: how fast a model is, the service learns first. */
    private Service.Answer until(int status, Supplier<Service.Answer> call) {
        return await().atMost(Duration.ofSeconds(60)).until(call::get, answer -> answer.status() == status);
    }

    private String submit(String path, String body) {
        Service.Answer accepted = service.post(path, body, "Prefer", "respond-async");
        assertThat(accepted.status()).as(accepted::text).isEqualTo(202);
        return accepted.header("Location");
    }

    private Service.Answer cancel(String location, String accept) {
        return service.send("DELETE", location, BodyPublishers.noBody(), "Accept", accept);
    }

    /** The address of an example, for another model. */
    private static String of(String model, OpenApi.Example example) {
        return example.path().replace("/digits/", "/" + model + "/");
    }

    private static String numbers(String input, int number) {
        return "{\"inputs\":[{\"name\":\"%s\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[%d]}]}"
                .formatted(input, number);
    }
}
