package dev.penstock.zoo;

import static dev.penstock.zoo.Tensors.floats;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.zoo.V2Client.Answer;
import dev.penstock.zoo.reference.Reference;
import dev.penstock.zoo.reference.Reference.Case;
import dev.penstock.zoo.reference.Reference.Kind;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class JudgeTest {
    /** The model returns its input. */
    private static final Reference ECHO = new Reference(
            Optional.empty(),
            true,
            List.of(
                    new Case(Kind.GIVEN, "given", List.of(floats("x", 1)), List.of(floats("y", 1))),
                    new Case(Kind.ALTERED, "altered", List.of(floats("x", 2)), List.of(floats("y", 2))),
                    new Case(Kind.MANY_ROWS, "many", List.of(floats("x", 3, 4)), List.of(floats("y", 3, 4)))),
            List.of());

    @Test
    void countsRightAnswersInJsonInBinaryFormAndInCompany() throws InterruptedException {
        assertThat(judged(request -> request)).isEqualTo(new Verdict.Right(3 + 3 + 8));
    }

    @Test
    void findsAWrongNumber() throws InterruptedException {
        Verdict verdict = judged(request -> request.replace("3.0,4.0", "4.0,3.0"));

        assertThat(verdict)
                .isEqualTo(new Verdict.Wrong("alone, JSON, many: output 'y' element 0 must be 3.00000, was 4.00000"));
    }

    @Test
    void findsTheAnswerOfAnotherRequestInCompany() throws InterruptedException {
        int[] calls = {0};

        Verdict verdict = judge(body -> {
            boolean isCompany = ++calls[0] > 6;
            return answered(isCompany ? V2Body.json(List.of(floats("x", 1))) : body);
        });

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Wrong.class, wrong -> assertThat(wrong.what()).startsWith("in company, altered"));
    }

    @Test
    void tellsAnErrorFromAWrongAnswer() throws InterruptedException {
        Verdict verdict = judge(
                body -> CompletableFuture.completedFuture(new Answer(500, "{\"error\":\"a bug\"}".getBytes(UTF_8), 0)));

        assertThat(verdict).isEqualTo(new Verdict.Unanswered("alone, JSON, given: 500 {\"error\":\"a bug\"}"));
        assertThat(verdict.isServed()).isFalse();
    }

    @Test
    void asksNoMoreAfterACallWithoutResponse() throws InterruptedException {
        int[] calls = {0};

        Verdict verdict = judge(body -> {
            calls[0]++;
            return CompletableFuture.failedFuture(new IOException("timed out"));
        });

        assertThat(verdict).isInstanceOf(Verdict.Unanswered.class);
        assertThat(calls[0]).isLessThanOrEqualTo(2);
    }

    private static Verdict judged(UnaryOperator<String> change) throws InterruptedException {
        return judge(body -> {
            String json = new String(body.bytes(), 0, body.jsonBytes(), UTF_8);
            String changed = change.apply(json);
            return changed.equals(json)
                    ? answered(body)
                    : answered(new V2Body(changed.getBytes(UTF_8), changed.length(), false));
        });
    }

    /** The inputs come back as outputs of another name. */
    private static CompletableFuture<Answer> answered(V2Body request) {
        String head = new String(request.bytes(), 0, request.jsonBytes(), UTF_8)
                .replace("\"inputs\"", "\"outputs\"")
                .replace("\"name\":\"x\"", "\"name\":\"y\"");
        byte[] json = head.getBytes(UTF_8);
        byte[] bytes = new byte[json.length + request.bytes().length - request.jsonBytes()];
        System.arraycopy(json, 0, bytes, 0, json.length);
        System.arraycopy(request.bytes(), request.jsonBytes(), bytes, json.length, bytes.length - json.length);
        return CompletableFuture.completedFuture(new Answer(200, bytes, json.length));
    }

    private static Verdict judge(Judge.Caller service) throws InterruptedException {
        return new Judge(service, ECHO).judge();
    }
}
