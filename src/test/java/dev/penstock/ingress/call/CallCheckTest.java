package dev.penstock.ingress.call;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus;
import dev.penstock.messages.ModelStatus.State;
import dev.penstock.messages.TraceContext;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.tenants.Tenant;
import dev.penstock.tracing.CallTrace;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a call says of its model and its lane, and what a call for a model gets that no worker serves. */
class CallCheckTest {
    private static final TensorSpec X = new TensorSpec("x", Datatype.FP32, Shape.of(-1));
    private static final Announcement MODEL = new Announcement(
            "m", "1", "w", new Signature(List.of(X), List.of(X)), 8, 1000, 0, 100, "cpu", true, Optional.empty());

    private final Catalogue catalogue = new Catalogue(100, () -> 0);
    private final CallCheck check = new CallCheck(
            catalogue, new RequestReader(ReaderLimits.DEFAULT), Duration.ofSeconds(30), Duration.ofMinutes(1), () -> 0);

    @Test
    void passesWhereAWorkerServesTheModel() throws Exception {
        catalogue.heard(MODEL);

        assertThat(check.check(call(), false).version()).isEqualTo("1");
    }

    /** Nobody restarts the model while its worker lives, so waiting for it would be in vain. */
    @Test
    void refusesACallForAModelThatABugStoppedAtOnce() {
        catalogue.heard(MODEL.notReady());
        say(State.UNAVAILABLE, "a bug stopped it");

        ProblemException refused = refusal();

        assertThat(refused.problem().status()).isEqualTo(503);
        assertThat(refused.problem().detail()).isEqualTo("no worker serves version 1 of model 'm': a bug stopped it");
    }

    /** It may come back within the call's time, and the call waits in the log. */
    @Test
    void leavesACallForAModelWhoseWorkerIsGoneToTheGate() throws Exception {
        catalogue.heard(MODEL.notReady());

        assertThat(check.check(call(), false).version()).isEqualTo("1");
    }

    @Test
    void tellsWhyAModelIsRefused() {
        say(State.UNAVAILABLE, "model.onnx is empty");

        ProblemException refused = refusal();

        assertThat(refused.problem().status()).isEqualTo(404);
        assertThat(refused.problem().detail()).isEqualTo("model 'm' is not served: model.onnx is empty");
    }

    @Test
    void asksToComeBackWhileAModelIsLoaded() {
        say(State.UNAVAILABLE, "model.onnx is empty");
        catalogue
                .statuses()
                .heard(new ModelStatus("m", Optional.of("1"), "other", State.LOADING, "wait"), Duration.ZERO);

        ProblemException refused = refusal();

        assertThat(refused.problem().status()).isEqualTo(503);
        assertThat(refused.problem().detail()).isEqualTo("model 'm' is not ready yet: wait");
    }

    @Test
    void knowsNothingOfAnotherModel() {
        assertThat(refusal().problem().detail()).isEqualTo("no worker has announced model 'm'");
    }

    @ParameterizedTest
    @CsvSource({"0, INTERACTIVE", "1, INTERACTIVE", "2, BULK", "9223372036854775807, BULK", "'\"bulk\"', BULK"})
    void takesPrioritiesByNameAndByTritonsNumbers(String priority, Lane lane) throws Exception {
        catalogue.heard(MODEL);

        assertThat(check.check(call("\"parameters\":{\"priority\":" + priority + "}"), false)
                        .lane())
                .isEqualTo(lane);
    }

    @Test
    void servesTheVersionThatTheBodyNames() throws Exception {
        catalogue.heard(MODEL);
        catalogue.heard(version("2"));

        assertThat(check.check(call("\"model_name\":\"m\",\"model_version\":\"1\""), false)
                        .version())
                .isEqualTo("1");
        assertThat(check.check(call("\"model_version\":\"\""), false).version()).isEqualTo("2");
    }

    @Test
    void refusesABodyThatNamesAnotherModelThanTheAddress() {
        catalogue.heard(MODEL);

        assertThatThrownBy(() -> check.check(call("\"model_name\":\"other\""), false))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("model_name: must be absent or 'm'");
        assertThatThrownBy(() -> check.check(call(Optional.of("1"), "\"model_version\":\"2\""), false))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("model_version: must be absent or '1'");
        assertThatThrownBy(() -> check.check(call("\"model_version\":\"7\""), false))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("no worker has announced version '7'");
    }

    /** The numbers are read here, so workers need not read them again. */
    @ParameterizedTest
    @CsvSource({"31, false", "32, true", "200, true"})
    void passesManyNumbersOnInBinaryForm(int numbers, boolean isBinary) throws Exception {
        catalogue.heard(wide(Datatype.FP32));
        Call call = call(
                Optional.empty(),
                "\"id\":\"mine\",\"parameters\":{\"priority\":2,\"other\":\"yes\"},\"outputs\":[{\"name\":\"x\"}]",
                numbers);
        RequestReader reader = new RequestReader(ReaderLimits.DEFAULT);

        Payload passedOn = check.check(call, false).call().payload();

        assertThat(passedOn.jsonLength().isPresent()).isEqualTo(isBinary);
        InferenceRequest request = reader.read(passedOn);
        assertThat(request).isEqualTo(reader.read(call.payload()));
        assertThat(request.inputs().getFirst().shape()).isEqualTo(Shape.of(numbers));
        assertThat(request.wantsBinary("x")).isFalse();
    }

    /** A number of a datatype with eight bytes may be one digit in JSON. */
    @Test
    void leavesARequestInJsonThatWouldBeTooLargeInBinaryForm() throws Exception {
        catalogue.heard(wide(Datatype.INT64));
        ReaderLimits limits = new ReaderLimits(2000, 8, 1000, 8, 100);
        CallCheck narrow = new CallCheck(
                catalogue, new RequestReader(limits), Duration.ofSeconds(30), Duration.ofMinutes(1), () -> 0);

        assertThat(jsonLength(narrow, 100)).isPresent();
        assertThat(jsonLength(narrow, 240)).isEmpty(); // with the JSON part
        assertThat(jsonLength(narrow, 400)).isEmpty();
    }

    /** A model that takes many rows of one number. */
    private static Announcement wide(Datatype datatype) {
        Signature signature = new Signature(List.of(new TensorSpec("x", datatype, Shape.of(-1))), List.of(X));
        return new Announcement("m", "1", "w", signature, 1000, 10_000, 0, 100, "cpu", true, Optional.empty());
    }

    private static OptionalInt jsonLength(CallCheck check, int numbers) throws Exception {
        String data = String.join(",", Collections.nCopies(numbers, "1"));
        Payload payload = Payload.json(("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"INT64\",\"shape\":[" + numbers
                        + "],\"data\":[" + data + "]}]}")
                .getBytes(UTF_8));
        return check.check(call().with(payload), false).call().payload().jsonLength();
    }

    private static Announcement version(String version) {
        return new Announcement("m", version, "w", MODEL.signature(), 8, 1000, 0, 100, "cpu", true, Optional.empty());
    }

    private ProblemException refusal() {
        return catchThrowableOfType(ProblemException.class, () -> check.check(call(), false));
    }

    private void say(State state, String reason) {
        catalogue.statuses().heard(new ModelStatus("m", Optional.of("1"), "w", state, reason), Duration.ZERO);
    }

    private static Call call() {
        return call("\"id\":\"\"");
    }

    private static Call call(String member) {
        return call(Optional.empty(), member);
    }

    private static Call call(Optional<String> version, String member) {
        return call(version, member, 1);
    }

    private static Call call(Optional<String> version, String member, int numbers) {
        String data = String.join(",", Collections.nCopies(numbers, "1.5"));
        String body = "{" + member + ",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[" + numbers
                + "],\"data\":[" + data + "]}]}";
        return new Call(
                Tenant.anonymous(Optional.empty()),
                "m",
                version,
                Payload.json(body.getBytes(UTF_8)),
                Optional.empty(),
                Optional.empty(),
                false,
                CallTrace.untraced(TraceContext.NONE),
                new EventLoopLag());
    }
}
