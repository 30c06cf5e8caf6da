package dev.penstock.features.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.features.vector.SourceResult;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reads responses in the columnar format of Feast's feature server. */
final class FeastSourceTest {
    private static final EntityKey ONE = new EntityKey.Id(1001);
    private static final EntityKey TWO = new EntityKey.Id(1002);
    private static final String TIMES = "\"event_timestamps\":[\"2026-01-01T00:00:00Z\",\"2026-01-01T00:00:00Z\"]";

    private HttpServer server;
    private volatile int status = 200;
    private volatile String answer = "";
    private volatile String question = "";
    private volatile String query = "";

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/get-online-features", exchange -> {
            query = exchange.getRequestURI().getRawQuery();
            question = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
            byte[] body = answer.getBytes(UTF_8);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void requestsManyEntitiesAtOnceAndReadsColumns() {
        answer(column("[0.5,1.5]", "PRESENT", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
        Map<EntityKey, SourceResult> found = load(List.of());
        assertThat(query)
                .as("the Go server sends statuses only with this parameter")
                .isEqualTo("status=true");
        assertThat(question)
                .isEqualTo("{\"features\":[\"drivers:rate\",\"drivers:trips\"],"
                        + "\"entities\":{\"driver_id\":[1001,1002]},\"full_feature_names\":false}");
        assertThat(found.get(ONE))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        one -> assertThat(one.vector().toArray()).containsExactly(0.5f, 7));
        assertThat(found.get(TWO))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        two -> assertThat(two.vector().toArray()).containsExactly(1.5f, 8));
    }

    @Test
    void notFoundAndOutsideMaxAgeMeanThatTheEntityIsMissing() {
        answer(column("[null,2.0]", "NOT_FOUND", "OUTSIDE_MAX_AGE"), column("[null,3]", "NOT_FOUND", "PRESENT"));
        assertThat(load(List.of()).values()).containsOnly(new SourceResult.NotFound());
    }

    /** The Python server responds like this for a row that is older than one of its view's features. */
    @Test
    void aSingleFeatureThatIsNotFoundTakesTheDefault() {
        answer(column("[null,null]", "NOT_FOUND", "NOT_FOUND"), column("[7,null]", "PRESENT", "NOT_FOUND"));
        assertThat(load(List.of(3f, 4f)).get(ONE))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        one -> assertThat(one.vector().toArray()).containsExactly(3, 7));
        assertThat(load(List.of()).get(ONE)).isInstanceOf(SourceResult.Invalid.class);
        assertThat(load(List.of(3f, 4f)).get(TWO)).isEqualTo(new SourceResult.NotFound());
    }

    @Test
    void aNullTakesTheDefaultAndIsInvalidWithoutOne() {
        answer(column("[null,1]", "NULL_VALUE", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
        assertThat(load(List.of(3f, 4f)).get(ONE))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        one -> assertThat(one.vector().toArray()).containsExactly(3, 7));
        assertThat(load(List.of()).get(ONE)).isInstanceOf(SourceResult.Invalid.class);
        assertThat(load(List.of()).get(TWO)).isInstanceOf(SourceResult.Found.class);
    }

    @Test
    void aHostileOrInvalidValueAffectsItsOwnEntityOnly() {
        for (String value : List.of(
                "NaN",
                "-Infinity",
                "9".repeat(10_000),
                "{\"double_val\":\"NaN\"}",
                "{\"string_val\":\"7\"}",
                "{\"int64_val\":1,\"double_val\":2}",
                "{\"int64_val\":{\"int64_val\":1}}",
                "\"" + "9".repeat(2_000_000) + "\"",
                "[".repeat(100_000) + "]".repeat(100_000),
                "{\"a\":".repeat(100_000) + "1" + "}".repeat(100_000),
                "\"NaN\"",
                "1e999",
                "1e300",
                "[1]",
                "{}",
                "\"1\"",
                "null")) {
            answer(column("[" + value + ",1]", "PRESENT", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
            Map<EntityKey, SourceResult> found = load(List.of());
            assertThat(found.get(ONE)).as(value).isInstanceOf(SourceResult.Invalid.class);
            assertThat(found.get(TWO)).as(value).isInstanceOf(SourceResult.Found.class);
        }
        answer(column("[1,1]", "INVALID", "PRESENT"), column("[7,8]", "PRESENT", "WHATEVER"));
        assertThat(load(List.of()).get(ONE))
                .isEqualTo(new SourceResult.Invalid("feature 'rate' has the Feast status INVALID"));
        assertThat(load(List.of()).get(TWO)).isInstanceOf(SourceResult.Invalid.class);
    }

    @Test
    void readsWrappedProtobufValues() {
        answer(
                column("[{\"double_val\":0.5},{\"doubleVal\":1.5}]", "PRESENT", "PRESENT"),
                column("[{\"int64_val\":\"7\"},{\"bool_val\":true}]", "PRESENT", "PRESENT"));
        answer = answer.replace("[1001,1002]", "[{\"int64_val\":\"1001\"},{\"int64_val\":\"1002\"}]");
        Map<EntityKey, SourceResult> found = load(List.of());
        assertThat(found.get(ONE))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        one -> assertThat(one.vector().toArray()).containsExactly(0.5f, 7));
        assertThat(found.get(TWO))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        two -> assertThat(two.vector().toArray()).containsExactly(1.5f, 1));
    }

    /** The response in Feast's documentation of the Python server, cut to two drivers and with other numbers. */
    @Test
    void readsTheFormatOfThePythonServer() {
        answer = """
                {
                  "metadata": {"feature_names": ["driver_id", "rate", "trips"]},
                  "results": [
                    {
                      "values": [1001, 1002],
                      "statuses": ["PRESENT", "PRESENT"],
                      "event_timestamps": ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]
                    },
                    {
                      "values": [0.5, null],
                      "statuses": ["PRESENT", "NOT_FOUND"],
                      "event_timestamps": ["2026-04-12T07:30:00Z", "1970-01-01T00:00:00Z"]
                    },
                    {
                      "values": [7, null],
                      "statuses": ["PRESENT", "NOT_FOUND"],
                      "event_timestamps": ["2026-04-12T07:30:00Z", "1970-01-01T00:00:00Z"]
                    }
                  ]
                }""";
        assertFoundAndNotFound();
    }

    /** The format of http_server.go: members in alphabetical order, values as Arrow writes them. */
    @Test
    void readsTheFormatOfTheGoServer() {
        answer = """
                {"metadata":{"feature_names":["driver_id","rate","trips"]},"results":[\
                {"event_timestamps":["2026-04-12T07:30:00Z","2026-04-12T07:30:00Z"],\
                "statuses":["PRESENT","PRESENT"],"values":[1001,1002]},\
                {"event_timestamps":["2026-04-12T07:30:00Z","0001-01-01T00:00:00Z"],\
                "statuses":["PRESENT","NOT_FOUND"],"values":[0.5,null]},\
                {"event_timestamps":["2026-04-12T07:30:00Z","0001-01-01T00:00:00Z"],\
                "statuses":["PRESENT","NOT_FOUND"],"values":[7,null]}]}
                """;
        assertFoundAndNotFound();
    }

    /** GetOnlineFeaturesResponse as protobuf JSON, with enumerations as numbers, which is an option of its printers. */
    @Test
    void readsProtobufJson() {
        answer = """
                {"metadata":{"featureNames":{"val":["driver_id","rate","trips"]}},"results":[
                {"values":[{"int64Val":"1001"},{"int64Val":"1002"}],"statuses":[1,1]},
                {"values":[{"doubleVal":0.5},{}],"statuses":[1,3]},
                {"values":[{"int64Val":"7"},{"nullVal":"NULL"}],"statuses":[1,3]}]}
                """;
        assertFoundAndNotFound();
    }

    private void assertFoundAndNotFound() {
        Map<EntityKey, SourceResult> found = load(List.of());
        assertThat(found.get(ONE))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        one -> assertThat(one.vector().toArray()).containsExactly(0.5f, 7));
        assertThat(found.get(TWO)).isEqualTo(new SourceResult.NotFound());
    }

    @Test
    void failsWhenTheResponseBreaksOff() {
        CompletableFuture<Void> over = new CompletableFuture<>();
        server.createContext("/stuck/get-online-features", exchange -> {
            exchange.sendResponseHeaders(200, 1000);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            over.join();
        });
        try (FeastSource source = source("/stuck", List.of("rate"), Duration.ofMillis(200))) {
            assertThat(source.load(List.of(ONE)).toCompletableFuture()).failsWithin(Duration.ofSeconds(10));
        } finally {
            over.complete(null);
        }
    }

    @Test
    void readsTheResponseToAVeryLargeRequest() {
        answer = "{}";
        List<String> names = IntStream.range(0, 4096).mapToObj(i -> "f" + i).toList();
        List<EntityKey> many =
                IntStream.range(0, 3000).<EntityKey>mapToObj(EntityKey.Id::new).toList();
        try (FeastSource source = source("", names, Duration.ofSeconds(5))) {
            assertThat(source.load(many).toCompletableFuture())
                    .failsWithin(Duration.ofSeconds(10))
                    .withThrowableThat()
                    .withMessageContaining("no feature 'f0'");
        }
    }

    @Test
    void rejectsARowOfAnotherEntity() {
        answer(column("[0.5,1.5]", "PRESENT", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
        answer = answer.replace("[1001,1002]", "[1001,1003]");
        assertThat(load(List.of()).get(ONE)).isInstanceOf(SourceResult.Found.class);
        assertThat(load(List.of()).get(TWO)).isInstanceOf(SourceResult.Invalid.class);
    }

    @Test
    void rejectsAColumnWithMoreValuesThanEntities() {
        answer(column("[1,2,3]", "PRESENT", "PRESENT", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
        assertThat(load(List.of()).values()).allMatch(SourceResult.Invalid.class::isInstance);
    }

    @Test
    void aShortColumnAffectsOnlyEntitiesWithoutAValue() {
        answer(column("[1]", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
        assertThat(load(List.of()).get(ONE)).isInstanceOf(SourceResult.Found.class);
        assertThat(load(List.of()).get(TWO)).isInstanceOf(SourceResult.Invalid.class);
    }

    @Test
    void anInvalidResponseFailsAsAWhole() {
        status = 503;
        assertThatThrownBy(() -> load(List.of())).hasMessageContaining("Feast responded with status 503");
        status = 200;
        answer = "<html>";
        assertThatThrownBy(() -> load(List.of())).hasMessageContaining("not JSON");
        answer = "{\"metadata\":{\"feature_names\":[\"driver_id\"]},\"results\":[]}";
        assertThatThrownBy(() -> load(List.of())).hasMessageContaining("no feature 'rate'");
        answer = "[" + "1,".repeat(3_000_000) + "1]";
        assertThatThrownBy(() -> load(List.of())).hasStackTraceContaining("must be at most");
    }

    private void answer(String rate, String trips) {
        answer = "{\"metadata\":{\"feature_names\":[\"driver_id\",\"trips\",\"rate\"]},\"results\":["
                + column("[1001,1002]", "PRESENT", "PRESENT") + "," + trips + "," + rate + "]}";
    }

    private static String column(String values, String... statuses) {
        return "{\"values\":" + values + ",\"statuses\":[\"" + String.join("\",\"", statuses) + "\"]," + TIMES + "}";
    }

    private Map<EntityKey, SourceResult> load(List<Float> defaults) {
        try (FeastSource source =
                source("", List.of("rate", "trips"), Duration.ofSeconds(5), defaults.toArray(Float[]::new))) {
            return source.load(List.of(ONE, TWO))
                    .toCompletableFuture()
                    .orTimeout(10, TimeUnit.SECONDS)
                    .join();
        }
    }

    private FeastSource source(String path, List<String> features, Duration timeout, Float... defaults) {
        FeatureView view = new FeatureView("drivers", 1, features, List.of(defaults), true);
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
        return new FeastSource(url, "driver_id", view, timeout, InstantSource.system(), Runnable::run);
    }
}
