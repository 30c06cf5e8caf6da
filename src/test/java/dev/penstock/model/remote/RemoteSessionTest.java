package dev.penstock.model.remote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.penstock.model.InferenceException;
import dev.penstock.model.InferenceException.Kind;
import dev.penstock.model.Slot;
import dev.penstock.model.config.RemoteSection;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a centre does that it should not costs the batch that it was asked for, and no other. */
class RemoteSessionTest {
    private static final Signature SIGNATURE = new Signature(
            List.of(new TensorSpec("x", Datatype.FP32, Shape.of(-1, 2))),
            List.of(new TensorSpec("y", Datatype.FP32, Shape.of(-1))));
    private static final String GOOD = answer("ranker", "y", "FP32", "[2]", "[1.5, 2.5]");

    @TempDir
    Path folder;

    private final AtomicLong nanos = new AtomicLong();
    private FakeCentre centre;
    private RemoteSession session;
    private Slot slot;

    @BeforeEach
    void start() throws IOException {
        centre = new FakeCentre();
        open(Duration.ofSeconds(20));
    }

    @AfterEach
    void stop() {
        session.close();
        centre.close();
    }

    @Test
    void sendsABatchAsOneCallAndReturnsItsRows() throws Exception {
        centre.behaviour = FakeCentre.of(200, GOOD.getBytes(UTF_8));

        slot.assemble(List.of(List.of(row(1)), List.of(row(2))));
        List<Tensor> outputs = slot.run(Long.MAX_VALUE, () -> Map.of("traceparent", "00-1-2-01"));

        assertThat(outputs).singleElement().satisfies(output -> {
            assertThat(output.shape()).isEqualTo(Shape.of(2));
            assertThat(output.data().getFloat(0)).isEqualTo(1.5f);
            assertThat(output.data().getFloat(4)).isEqualTo(2.5f);
        });
        assertThat(centre.calls).singleElement().satisfies(call -> {
            assertThat(call.getFirst("Authorization")).isEqualTo("Bearer secret");
            assertThat(call.getFirst("Idempotency-Key")).matches("\"[0-9a-f-]{36}\"");
            assertThat(call.getFirst("Inference-Header-Content-Length")).matches("\\d+");
            assertThat(call.getFirst("Penstock-Timeout-Ms")).isEqualTo("20000");
            assertThat(call.getFirst("traceparent")).isEqualTo("00-1-2-01");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "garbage",
                "{}",
                "{\"model_name\": \"other\", \"outputs\": []}",
            })
    void refusesAnAnswerThatIsNone(String answer) throws Exception {
        centre.behaviour = FakeCentre.of(200, answer.getBytes(UTF_8));

        failsOnce(Kind.UNAVAILABLE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "other;  y; FP32; [2];    [1, 2]",
                "ranker; z; FP32; [2];    [1, 2]",
                "ranker; y; FP64; [2];    [1, 2]",
                "ranker; y; FP32; [2, 1]; [1, 2]",
                "ranker; y; FP32; [3];    [1, 2, 3]",
                "ranker; y; FP32; [1];    [1]",
            })
    void refusesAnAnswerOfAnotherModelOrShape(String model, String output, String datatype, String shape, String data)
            throws Exception {
        centre.behaviour =
                FakeCentre.of(200, answer(model, output, datatype, shape, data).getBytes(UTF_8));

        failsOnce(Kind.UNAVAILABLE);
    }

    @ParameterizedTest
    @CsvSource({"400, FAILED", "500, FAILED", "401, UNAVAILABLE", "404, UNAVAILABLE", "503, UNAVAILABLE"})
    void tellsAFaultOfTheBatchFromOneOfTheCentre(int status, Kind kind) throws Exception {
        centre.behaviour = FakeCentre.of(status, new byte[0]);

        failsOnce(kind);
    }

    @ParameterizedTest
    @ValueSource(ints = {303, 307})
    void followsNoRedirect(int status) throws Exception {
        centre.behaviour = call -> {
            call.getResponseHeaders().set("Location", centre.url() + "/elsewhere");
            FakeCentre.of(status, new byte[0]).answer(call);
        };

        failsOnce(Kind.UNAVAILABLE);
        assertThat(centre.calls).hasSize(2);
    }

    @Test
    void asksOnceMoreAfterACutAndLetsTheCentreKnow() throws Exception {
        centre.behaviour = call -> {
            centre.behaviour = FakeCentre.of(200, GOOD.getBytes(UTF_8));
            call.close();
        };

        assertThat(run()).hasSize(1);

        assertThat(centre.calls).hasSize(2);
        assertThat(centre.calls.get(1).get("Idempotency-Key"))
                .isEqualTo(centre.calls.get(0).get("Idempotency-Key"));
    }

    @Test
    void failsAfterASecondCut() throws Exception {
        centre.behaviour = call -> call.close();

        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(this::run)
                .matches(failed -> failed.kind() == Kind.UNAVAILABLE);
        assertThat(centre.calls).hasSize(2);
        centre.behaviour = FakeCentre.of(200, GOOD.getBytes(UTF_8));
        assertThat(run()).hasSize(1);
    }

    @Test
    void readsNoAnswerThatIsTooLong() throws Exception {
        centre.behaviour = FakeCentre.of(200, (GOOD + " ".repeat(1000)).getBytes(UTF_8));

        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(this::run)
                .withMessage("the centre cannot be asked: its answer must have at most 1000 bytes");
        assertThat(centre.calls).hasSize(1);
    }

    @Test
    void givesTheCentreTheTimeThatIsLeft() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        centre.behaviour = call -> {
            try {
                never.await();
            } catch (InterruptedException stopped) {
                call.close();
            }
        };
        slot.assemble(List.of(List.of(row(1))));

        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(() -> slot.run(Duration.ofMillis(200).toNanos(), Map::of))
                .withMessage("the centre did not answer within 200 ms");
        assertThat(centre.calls)
                .singleElement()
                .satisfies(
                        call -> assertThat(call.getFirst("Penstock-Timeout-Ms")).isEqualTo("200"));
    }

    @Test
    void doesNotCallForABatchThatNobodyWaitsFor() throws Exception {
        centre.behaviour = FakeCentre.of(200, GOOD.getBytes(UTF_8));
        slot.assemble(List.of(List.of(row(1))));

        for (int i = 0; i < 15; i++) {
            assertThatExceptionOfType(InferenceException.class).isThrownBy(() -> slot.run(-1, Map::of));
        }
        assertThat(centre.calls).isEmpty();
        assertThat(run()).as("it does not count against the centre").hasSize(1);
    }

    @Test
    void waitsNoLongerThanItsTimeoutForABodyThatStalls() throws Exception {
        session.close();
        open(Duration.ofMillis(300));
        CountDownLatch never = new CountDownLatch(1);
        centre.behaviour = call -> {
            call.sendResponseHeaders(200, 100);
            call.getResponseBody().write('{');
            call.getResponseBody().flush();
            try {
                never.await();
            } catch (InterruptedException stopped) {
                call.close();
            }
        };

        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(this::run)
                .withMessage("the centre did not answer within 300 ms");
    }

    @Test
    void leavesTheCentreAloneForAsLongAsItAsks() throws Exception {
        centre.behaviour = call -> {
            call.getResponseHeaders().set("Retry-After", "7");
            FakeCentre.of(503, new byte[0]).answer(call);
        };
        assertThatExceptionOfType(InferenceException.class).isThrownBy(this::run);
        centre.behaviour = FakeCentre.of(200, GOOD.getBytes(UTF_8));

        nanos.addAndGet(Duration.ofSeconds(6).toNanos());
        assertThatExceptionOfType(InferenceException.class).isThrownBy(this::run);
        assertThat(centre.calls).hasSize(1);

        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(run()).hasSize(1);
    }

    @Test
    void stopsAskingACentreThatIsAway() {
        centre.behaviour = FakeCentre.of(503, new byte[0]);

        for (int i = 0; i < 15; i++) {
            assertThatExceptionOfType(InferenceException.class)
                    .isThrownBy(this::run)
                    .matches(failed -> failed.kind() == Kind.UNAVAILABLE);
        }

        assertThat(centre.calls).hasSize(10);
    }

    @Test
    void aCallThatWaitsFailsWhenTheSessionIsClosedAndSoDoesTheNext() throws Exception {
        CountDownLatch called = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        centre.behaviour = call -> {
            called.countDown();
            try {
                never.await();
            } catch (InterruptedException stopped) {
                call.close();
            }
        };
        CompletableFuture<Throwable> waiting = CompletableFuture.supplyAsync(() -> catchThrowable(this::run));
        called.await();
        session.close();

        for (Throwable failed : List.of(waiting.get(10, SECONDS), catchThrowable(this::run))) {
            assertThat(failed)
                    .isInstanceOfSatisfying(
                            InferenceException.class,
                            each -> assertThat(each.kind()).isEqualTo(Kind.UNAVAILABLE));
        }
    }

    /** And the next batch runs. */
    private void failsOnce(Kind kind) throws Exception {
        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(this::run)
                .matches(failed -> failed.kind() == kind);
        assertThat(centre.calls).hasSize(1);
        centre.behaviour = FakeCentre.of(200, GOOD.getBytes(UTF_8));
        assertThat(run()).hasSize(1);
    }

    private void open(Duration timeout) throws IOException {
        Path key = Files.writeString(folder.resolve("key"), "secret\n");
        RemoteSection section = new RemoteSection(
                centre.url(),
                "ranker",
                RemoteSection.Use.CENTRE,
                Optional.empty(),
                timeout,
                Optional.of(key),
                2,
                1000,
                Optional.empty());
        CentreClient client = new CentreClient(section, Optional.empty(), "calls fail", nanos::get);
        session = new RemoteSession(client, SIGNATURE, "ranker", 2, 1000);
        slot = session.openSlot();
    }

    private List<Tensor> run() throws InferenceException {
        slot.assemble(List.of(List.of(row(1)), List.of(row(2))));
        return slot.run();
    }

    private static Tensor row(float value) {
        ByteBuffer data = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        return new Tensor(
                "x",
                Datatype.FP32,
                Shape.of(1, 2),
                data.putFloat(value).putFloat(value).flip());
    }

    private static String answer(String model, String output, String datatype, String shape, String data) {
        return "{\"model_name\": \"%s\", \"outputs\": [{\"name\": \"%s\", \"datatype\": \"%s\", \"shape\": %s, \"data\": %s}]}"
                .formatted(model, output, datatype, shape, data);
    }
}
