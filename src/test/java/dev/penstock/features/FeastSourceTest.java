package dev.penstock.features;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers in the form that Feast's feature server writes: by columns, the entity's own among them. */
final class FeastSourceTest {
    private static final EntityKey ONE = new EntityKey.Id(1001);
    private static final EntityKey TWO = new EntityKey.Id(1002);
    private static final String TIMES = "\"event_timestamps\":[\"2026-01-01T00:00:00Z\",\"2026-01-01T00:00:00Z\"]";

    private HttpServer server;
    private volatile int status = 200;
    private volatile String answer = "";
    private volatile String question = "";

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/get-online-features", exchange -> {
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
    void asksForManyEntitiesAtOnceAndReadsColumns() {
        answer(column("[0.5,1.5]", "PRESENT", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
        Map<EntityKey, SourceResult> found = load(List.of());
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
    void notFoundAndTooOldAreNoEntity() {
        answer(column("[null,2.0]", "NOT_FOUND", "OUTSIDE_MAX_AGE"), column("[null,3]", "NOT_FOUND", "PRESENT"));
        assertThat(load(List.of()).values()).containsOnly(new SourceResult.NotFound());
    }

    /** As the Python server answers of a row that was written before its view got another feature. */
    @Test
    void aFeatureThatOnlyItselfIsNotFoundTakesTheDefault() {
        answer(column("[null,null]", "NOT_FOUND", "NOT_FOUND"), column("[7,null]", "PRESENT", "NOT_FOUND"));
        assertThat(load(List.of(3f, 4f)).get(ONE))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        one -> assertThat(one.vector().toArray()).containsExactly(3, 7));
        assertThat(load(List.of()).get(ONE)).isInstanceOf(SourceResult.Broken.class);
        assertThat(load(List.of(3f, 4f)).get(TWO)).isEqualTo(new SourceResult.NotFound());
    }

    @Test
    void aNullTakesTheDefaultAndIsBrokenWithoutOne() {
        answer(column("[null,1]", "NULL_VALUE", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
        assertThat(load(List.of(3f, 4f)).get(ONE))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        one -> assertThat(one.vector().toArray()).containsExactly(3, 7));
        assertThat(load(List.of()).get(ONE)).isInstanceOf(SourceResult.Broken.class);
        assertThat(load(List.of()).get(TWO)).isInstanceOf(SourceResult.Found.class);
    }

    @Test
    void whatIsHostileOrBrokenIsSoForItsEntityOnly() {
        for (String value : List.of(
                "NaN",
                "-Infinity",
                "9".repeat(10_000),
                "{\"double_val\":\"NaN\"}",
                "{\"string_val\":\"7\"}",
                "{\"int64_val\":1,\"double_val\":2}",
                "\"NaN\"",
                "1e999",
                "1e300",
                "[1]",
                "{}",
                "\"1\"",
                "null")) {
            answer(column("[" + value + ",1]", "PRESENT", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
            Map<EntityKey, SourceResult> found = load(List.of());
            assertThat(found.get(ONE)).as(value).isInstanceOf(SourceResult.Broken.class);
            assertThat(found.get(TWO)).as(value).isInstanceOf(SourceResult.Found.class);
        }
        answer(column("[1,1]", "INVALID", "PRESENT"), column("[7,8]", "PRESENT", "WHATEVER"));
        assertThat(load(List.of()).get(ONE)).isEqualTo(new SourceResult.Broken("feature 'rate' is INVALID to Feast"));
        assertThat(load(List.of()).get(TWO)).isInstanceOf(SourceResult.Broken.class);
    }

    @Test
    void readsValuesThatAreWrappedAsProtobufHasThem() {
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

    @Test
    void aRowThatIsOfAnotherEntityIsNobodys() {
        answer(column("[0.5,1.5]", "PRESENT", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
        answer = answer.replace("[1001,1002]", "[1001,1003]");
        assertThat(load(List.of()).get(ONE)).isInstanceOf(SourceResult.Found.class);
        assertThat(load(List.of()).get(TWO)).isInstanceOf(SourceResult.Broken.class);
    }

    @Test
    void aColumnOfMoreValuesThanEntitiesIsNobodys() {
        answer(column("[1,2,3]", "PRESENT", "PRESENT", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
        assertThat(load(List.of()).values()).allMatch(SourceResult.Broken.class::isInstance);
    }

    @Test
    void aColumnThatIsTooShortBreaksOnlyThoseWithoutAValue() {
        answer(column("[1]", "PRESENT"), column("[7,8]", "PRESENT", "PRESENT"));
        assertThat(load(List.of()).get(ONE)).isInstanceOf(SourceResult.Found.class);
        assertThat(load(List.of()).get(TWO)).isInstanceOf(SourceResult.Broken.class);
    }

    @Test
    void anAnswerThatIsNoneFailsAsAWhole() {
        status = 503;
        assertThatThrownBy(() -> load(List.of())).hasMessageContaining("Feast answered 503");
        status = 200;
        answer = "<html>";
        assertThatThrownBy(() -> load(List.of())).hasMessageContaining("not JSON");
        answer = "{\"metadata\":{\"feature_names\":[\"driver_id\"]},\"results\":[]}";
        assertThatThrownBy(() -> load(List.of())).hasMessageContaining("no feature 'rate'");
        answer = "[" + "1,".repeat(200_000) + "1]";
        assertThatThrownBy(() -> load(List.of())).hasStackTraceContaining("more than");
    }

    private void answer(String rate, String trips) {
        answer = "{\"metadata\":{\"feature_names\":[\"driver_id\",\"trips\",\"rate\"]},\"results\":["
                + column("[1001,1002]", "PRESENT", "PRESENT") + "," + trips + "," + rate + "]}";
    }

    private static String column(String values, String... statuses) {
        return "{\"values\":" + values + ",\"statuses\":[\"" + String.join("\",\"", statuses) + "\"]," + TIMES + "}";
    }

    private Map<EntityKey, SourceResult> load(List<Float> defaults) {
        FeatureView view = new FeatureView("drivers", 1, List.of("rate", "trips"), defaults, true);
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        try (FeastSource source =
                new FeastSource(url, "driver_id", view, Duration.ofSeconds(5), InstantSource.system(), Runnable::run)) {
            return source.load(List.of(ONE, TWO))
                    .toCompletableFuture()
                    .orTimeout(10, TimeUnit.SECONDS)
                    .join();
        }
    }
}
