package dev.penstock.bench;

import static dev.penstock.bench.ScriptedServer.ok;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HttpLoadTest {
    private static final byte[] REQUEST = "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n".getBytes(ISO_8859_1);

    @Test
    void sendsEachRequestOnceAndChecksItsResponse() throws IOException {
        HttpServer echo = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        echo.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            boolean chunked = body.length % 2 == 0;
            exchange.sendResponseHeaders(200, chunked ? 0 : body.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        echo.start();
        URI uri = URI.create("http://127.0.0.1:" + echo.getAddress().getPort());
        PostTemplate post = new PostTemplate(uri.resolve("/echo"), List.of("X-Test: yes"));
        Set<Integer> answered = new TreeSet<>();

        LoadResult result = HttpLoad.of(uri, i -> post.with(("body " + i).getBytes(ISO_8859_1)))
                .withConnections(8)
                .withExtent(new HttpLoad.Counting(500))
                .withCheck((i, status, body) ->
                        answered.add(i) && status.equals("200") && new String(body, ISO_8859_1).equals("body " + i))
                .run();
        echo.stop(0);

        assertThat(result.succeeded()).isEqualTo(500);
        assertThat(result.errors()).isZero();
        assertThat(result.reconnects()).isZero();
        assertThat(answered).isEqualTo(IntStream.range(0, 500).boxed().collect(Collectors.toSet()));
        assertThat(result.latency().p50Millis())
                .isPositive()
                .isLessThanOrEqualTo(result.latency().maxMillis());
        assertThat(result.throughputPerSecond()).isPositive();
    }

    @Test
    void countsResponsesThatFailTheCheck() throws IOException {
        LoadResult result =
                run(n -> ok(n % 4 == 0 ? "bad" : "good"), load(100).withCheck((i, status, body) -> body.length == 4));

        assertThat(result.succeeded()).isEqualTo(75);
        assertThat(result.wrong()).isEqualTo(25);
        assertThat(result.errors()).isEqualTo(25);
    }

    @Test
    void countsOtherStatusesByCode() throws IOException {
        ScriptedServer.Act busy = new ScriptedServer.Answer("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        ScriptedServer.Act tooMany =
                new ScriptedServer.Answer("HTTP/1.1 429 Quota\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");

        LoadResult result = run(n -> n < 10 ? busy : n < 15 ? tooMany : ok("fine"), load(100));

        assertThat(result.otherStatuses()).isEqualTo(Map.of("503", 10L, "429", 5L));
        assertThat(result.succeeded()).isEqualTo(85);
        assertThat(result.errors()).isEqualTo(15);
    }

    @Test
    void countsARequestLostWithItsConnectionAndReconnects() throws IOException {
        LoadResult result = run(
                n -> n % 10 == 9 ? new ScriptedServer.HangUp() : ok("fine"),
                load(100).withConnections(3));

        assertThat(result.ioErrors()).isEqualTo(10);
        assertThat(result.reconnects()).isEqualTo(10);
        assertThat(result.succeeded()).isEqualTo(90);
    }

    @Test
    void losesNothingWhenTheServerAnnouncesTheClose() throws IOException {
        ScriptedServer.Act last =
                new ScriptedServer.Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        LoadResult result = run(n -> n == 50 ? last : ok("fine"), load(100));

        assertThat(result.succeeded()).isEqualTo(100);
        assertThat(result.ioErrors()).isZero();
        assertThat(result.reconnects()).isEqualTo(1);
    }

    /**
     * The clock advances only by the server's stall. 100 requests are due 1 ms apart and the first response takes 200 ms, so request k waits
     * 200 - k ms. A generator that measures from the time of sending would report one slow request and 99 instant ones.
     */
    @Test
    void anOpenLoopIncludesTheWaitDuringAServerStall() throws IOException {
        AtomicLong clock = new AtomicLong();
        try (ScriptedServer server = new ScriptedServer(REQUEST.length, n -> {
                    if (n == 0) {
                        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(200));
                    }
                    return ok("fine");
                });
                HttpRun run = new HttpRun(
                        HttpLoad.of(server.uri(), i -> REQUEST)
                                .withPace(new HttpLoad.OpenLoop(1000))
                                .withExtent(new HttpLoad.Counting(100)),
                        clock::get)) {

            LoadResult result = run.run();

            assertThat(result.succeeded()).isEqualTo(100);
            assertThat(result.latency().maxMillis()).isCloseTo(200, within(0.5));
            assertThat(result.latency().p50Millis()).isCloseTo(150, within(1.0));
            assertThat(result.latency().meanMillis()).isCloseTo(150.5, within(0.5));
        }
    }

    @Test
    void stepsRunInOrder() {
        HttpLoad.Steps steps = new HttpLoad.Steps(
                List.of(new HttpLoad.Step(10, Duration.ofSeconds(2)), new HttpLoad.Step(1000, Duration.ofSeconds(1))));
        assertThat(steps.dueNanos(0)).isZero();
        assertThat(steps.dueNanos(19)).isEqualTo(1_900_000_000L);
        assertThat(steps.dueNanos(20)).isEqualTo(2_000_000_000L);
        assertThat(steps.dueNanos(1019)).isEqualTo(2_999_000_000L);
        assertThat(steps.dueBefore(2_000_000_000L)).isEqualTo(20);
        assertThat(steps.dueBefore(2_000_000_010L)).isEqualTo(21);
        assertThat(steps.dueBefore(Long.MAX_VALUE)).isEqualTo(1020);
    }

    @Test
    void callsAreRecordedByTheirDueTime() throws IOException {
        ScriptedServer.Act busy = new ScriptedServer.Answer("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        HttpLoad.Steps steps = new HttpLoad.Steps(List.of(
                new HttpLoad.Step(100, Duration.ofMillis(100)), new HttpLoad.Step(200, Duration.ofMillis(200))));
        CallLog log = new CallLog(steps, 10_000);
        HttpLoad load = load(100).withConnections(1);

        LoadResult result = run(
                n -> n < 10 ? ok("good") : n < 15 ? busy : n == 20 ? ok("bad") : ok("good"),
                load.withRequests(log.of(load.requests()))
                        .withCheck(log.of((index, status, body) -> body.length == 4))
                        .withPace(steps)
                        .withExtent(new HttpLoad.Lasting(steps.duration())));

        assertThat(result.succeeded()).isEqualTo(44);
        assertThat(log.part(0, 0.1).inTime()).isEqualTo(10);
        CallLog.Part second = log.part(0.1, 0.3);
        assertThat(second.offered()).isEqualTo(40);
        assertThat(second.refused()).isEqualTo(5);
        assertThat(second.lost()).isEqualTo(1);
        assertThat(second.inTime()).isEqualTo(34);
        assertThat(log.lastRefusalAfter(0.1, 0.3)).isEqualTo(0.02, within(1e-6));
        assertThat(log.lastRefusalAfter(0.2, 0.3)).isZero();
    }

    @Test
    void anOpenLoopKeepsItsRate() throws IOException {
        LoadResult result = run(
                n -> ok("fine"),
                load(1).withPace(new HttpLoad.OpenLoop(2000))
                        .withWarmUp(Duration.ofMillis(100))
                        .withExtent(new HttpLoad.Lasting(Duration.ofMillis(250)))
                        .withConnections(4));

        assertThat(result.succeeded()).isEqualTo(500);
        assertThat(result.elapsedSeconds()).isGreaterThanOrEqualTo(0.249);
    }

    @Test
    void theWarmUpIsNotMeasured() throws IOException {
        AtomicLong sent = new AtomicLong();

        LoadResult result = run(
                n -> {
                    sent.incrementAndGet();
                    return ok("fine");
                },
                load(50).withWarmUp(Duration.ofMillis(50)));

        assertThat(result.succeeded()).isEqualTo(50);
        assertThat(sent).hasValueGreaterThan(50);
    }

    @Test
    void givesUpOnAServerThatNeverAnswers() throws IOException {
        LoadResult result = run(
                n -> new ScriptedServer.Ignore(), load(20).withConnections(5).withPatience(Duration.ofMillis(200)));

        assertThat(result.succeeded()).isZero();
        assertThat(result.ioErrors() + result.unanswered()).isEqualTo(20);
    }

    @Test
    void namesTheServerThatItCannotReach() {
        assertThatThrownBy(() -> HttpLoad.of(URI.create("http://127.0.0.1:1"), i -> REQUEST)
                        .run())
                .isInstanceOf(IOException.class)
                .hasMessage("cannot connect to http://127.0.0.1:1: Connection refused");
    }

    @Test
    void rejectsAnInvalidLoad() {
        assertThatThrownBy(() -> load(1).withConnections(0)).hasMessage("connections must be in 1..10000, was 0");
        assertThatThrownBy(() -> new HttpLoad.OpenLoop(0))
                .hasMessage("ratePerSecond must be above 0 and at most 1000000, was 0.0");
    }

    private static HttpLoad load(int requests) {
        return HttpLoad.of(URI.create("http://127.0.0.1:1"), i -> REQUEST).withExtent(new HttpLoad.Counting(requests));
    }

    private static LoadResult run(IntFunction<ScriptedServer.Act> script, HttpLoad load) throws IOException {
        try (ScriptedServer server = new ScriptedServer(REQUEST.length, script)) {
            return new HttpLoad(
                            server.uri(),
                            load.requests(),
                            load.connections(),
                            load.pace(),
                            load.extent(),
                            load.warmUp(),
                            load.patience(),
                            load.check())
                    .run();
        }
    }
}
