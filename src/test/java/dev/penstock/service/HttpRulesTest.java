package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.ingress.http.ProblemMappers;
import dev.penstock.samples.DigitsTable;
import dev.penstock.threads.LoggedLines;
import io.quarkus.test.common.http.TestHTTPResource;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What HTTP asks of a server, whatever it serves (RFC 9110, the Fetch standard). */
@WholeService
class HttpRulesTest {
    private static final String INFER = "/v2/models/digits/infer";
    private static final String SEVEN =
            Digits.request(DigitsTable.load().heldOut().getFirst());

    @TestHTTPResource(value = "metrics", management = true)
    URI metrics = URI.create("http://localhost"); // injected

    private final URI base = ConfigProvider.getConfig().getValue("test.url", URI.class);
    private Service service;

    @BeforeEach
    void awaitTheModel() {
        service = Service.underTest().awaitModel("digits");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/v2                 | GET, HEAD, OPTIONS",
                "/v2/models/x/infer  | POST, OPTIONS",
                "/v2/requests/x      | GET, HEAD, DELETE, OPTIONS",
                "/v2/requests/x/events | GET, HEAD, OPTIONS"
            })
    void saysWhichMethodsAnAddressTakes(String address, String allow) {
        Service.Answer options = service.send("OPTIONS", address, BodyPublishers.noBody());
        assertThat(options.status()).isEqualTo(204);
        assertThat(options.header("Allow")).isEqualTo(allow);

        Service.Answer refused = service.send("PATCH", address, BodyPublishers.ofString("{}"));
        assertThat(refused.status()).isEqualTo(405);
        assertThat(refused.header("Allow")).isEqualTo(allow);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v2", "/v2/models/digits", "/v2/health/ready", "/", "/v2/nothing"})
    void answersHeadAsGetWithoutTheBody(String address) {
        Service.Answer head = service.send("HEAD", address, BodyPublishers.noBody());
        assertThat(head.status()).isEqualTo(service.get(address).status());
        assertThat(head.header("Content-Type")).isEqualTo(service.get(address).header("Content-Type"));
        assertThat(head.body()).isEmpty();
    }

    @Test
    void answersHeadOfAStreamAtOnce() {
        String location = submitted();
        Service.Answer head = service.send("HEAD", location + "/events", BodyPublishers.noBody());
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("Content-Type")).startsWith("text/event-stream");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v2", "/v2/nothing", "/", INFER})
    void datesItsAnswers(String address) {
        String date = service.get(address).header("Date");
        ZonedDateTime dated = ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME);
        assertThat(Duration.between(dated, ZonedDateTime.now(ZoneOffset.UTC)).abs())
                .isLessThan(Duration.ofMinutes(1));
        assertThat(date).hasSize(29); // two digits for the day
    }

    @Test
    void pagesOfAConfiguredOriginMayReadAnswersAndRefusals() {
        for (Service.Answer answer : new Service.Answer[] {
            service.post(INFER, SEVEN, "Origin", ServiceStack.ORIGIN),
            service.post(INFER, "not json", "Origin", ServiceStack.ORIGIN),
            service.get("/v2/" + "x".repeat(9_000), "Origin", ServiceStack.ORIGIN)
        }) {
            assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(ServiceStack.ORIGIN);
            assertThat(answer.header("Access-Control-Expose-Headers")).contains("Location", "Retry-After");
            assertThat(answer.header("Vary")).contains("Origin");
        }
        Service.Answer question = service.send(
                "OPTIONS",
                INFER,
                BodyPublishers.noBody(),
                "Origin",
                ServiceStack.ORIGIN,
                "Access-Control-Request-Method",
                "POST",
                "Access-Control-Request-Headers",
                "content-type,x-api-key");
        assertThat(question.status()).isEqualTo(204);
        assertThat(question.header("Access-Control-Allow-Methods")).contains("POST");
        assertThat(question.header("Access-Control-Allow-Headers")).isEqualTo("content-type,x-api-key");
    }

    @Test
    void pagesOfOtherOriginsMayNot() {
        Service.Answer answer = service.post(INFER, SEVEN, "Origin", "https://elsewhere.example.com");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Access-Control-Allow-Origin")).isEmpty();
        assertThat(answer.header("Vary")).contains("Origin");
    }

    @Test
    void theAddressToPollHasThePrefixOfTheProxy() {
        Service.Answer accepted = service.post(
                INFER, SEVEN, "Prefer", "respond-async", "X-Forwarded-Prefix", "/ml", "X-Forwarded-Proto", "https");
        assertThat(accepted.status()).isEqualTo(202);
        assertThat(accepted.header("Location")).startsWith("/ml/v2/requests/");
        assertThat(submitted()).startsWith("/v2/requests/");
    }

    /** With HTTP/2, its first call asks for an upgrade and for a 100 (Continue) together. */
    @ParameterizedTest
    @EnumSource
    void answersAClientThatWaitsForAContinue(java.net.http.HttpClient.Version version) throws Exception {
        try (java.net.http.HttpClient client =
                java.net.http.HttpClient.newBuilder().version(version).build()) {
            for (int call = 0; call < 2; call++) {
                HttpResponse<String> answer = client.send(
                        HttpRequest.newBuilder(base.resolve(INFER))
                                .expectContinue(true)
                                .timeout(Duration.ofSeconds(30))
                                .POST(BodyPublishers.ofString(SEVEN))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(200);
            }
        }
    }

    /** The upgrade itself works as before. */
    @Test
    void switchesToHttp2WhereNoContinueIsAskedFor() throws Exception {
        try (java.net.http.HttpClient client = java.net.http.HttpClient.newBuilder()
                .version(java.net.http.HttpClient.Version.HTTP_2)
                .build()) {
            HttpResponse<String> answer = client.send(
                    HttpRequest.newBuilder(base.resolve(INFER))
                            .POST(BodyPublishers.ofString(SEVEN))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.version()).isEqualTo(java.net.http.HttpClient.Version.HTTP_2);
        }
    }

    /** That is no fault of the service, and no ERROR in its log. */
    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void aClientMayLeaveWithinItsBody(HttpVersion version) throws Exception {
        Vertx vertx = Vertx.vertx();
        try (LoggedLines log = LoggedLines.of(ProblemMappers.class)) {
            for (boolean wholeConnection : new boolean[] {false, true}) {
                // A connection of its own: that of the call before may be closing.
                HttpClient client = vertx.createHttpClient(
                        new HttpClientOptions().setProtocolVersion(version).setHttp2ClearTextUpgrade(false));
                HttpClientRequest call = client.request(new RequestOptions()
                                .setMethod(HttpMethod.POST)
                                .setHost(base.getHost())
                                .setPort(base.getPort())
                                .setURI(INFER))
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(30, TimeUnit.SECONDS);
                call.exceptionHandler(left -> {});
                call.setChunked(true);
                call.write(Buffer.buffer("{\"inputs\":"))
                        .toCompletionStage()
                        .toCompletableFuture()
                        .get(30, TimeUnit.SECONDS);
                if (wholeConnection) {
                    call.connection().close();
                } else {
                    call.reset();
                }
            }
            await().during(Duration.ofMillis(500))
                    .until(() -> service.post(INFER, SEVEN).status() == 200);
            assertThat(log.lines()).isEmpty();
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/openmetrics-text; version=1.0.0",
                "application/openmetrics-text",
                "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.1"
            })
    void givesOpenMetricsToWhoeverAsksForIt(String accept) {
        Service.Answer scrape = new Service(metrics).get("/q/metrics", "Accept", accept);
        assertThat(scrape.status()).isEqualTo(200);
        assertThat(scrape.header("Content-Type")).startsWith("application/openmetrics-text; version=1.0.0");
        assertThat(new String(scrape.body(), UTF_8)).endsWith("# EOF\n");
    }

    private String submitted() {
        return service.post(INFER, SEVEN, "Prefer", "respond-async").header("Location");
    }
}
