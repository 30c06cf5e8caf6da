package dev.penstock.ingress.http;

import dev.penstock.ingress.call.Refusal;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/**
 * Reads a call's body, and never holds more of it than the limit, whatever its length claims to be, nor waits longer for it than that
 * limit. Confined to the event loop of its connection.
 */
final class CallBody {
    /** To begin with: a length that is only announced takes no memory. */
    private static final int FIRST_BYTES = 64 * 1024;

    private final HttpServerRequest http;
    private final int maxBytes;
    private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
    private byte[] bytes;
    private int length;

    private CallBody(HttpServerRequest http, int maxBytes, int expected) {
        this.http = http;
        this.maxBytes = maxBytes;
        this.bytes = new byte[expected];
    }

    /**
     * The bytes; fails with a {@link Refusal} as soon as it is clear that there are more than {@code maxBytes}, or when they have not all
     * come {@code within} that time. To be called on the connection's event loop.
     */
    static CompletableFuture<byte[]> read(HttpServerRequest http, int maxBytes, Duration within) {
        long announced = announced(http);
        CallBody body = new CallBody(
                http,
                maxBytes,
                announced < 0 ? FIRST_BYTES / 8 : (int) Math.min(announced, Math.min(FIRST_BYTES, maxBytes)));
        if (announced > maxBytes) {
            body.refuseSize(Long.toString(announced));
            return body.whole;
        }
        if (!body.isExpected()) {
            return body.whole;
        }
        http.handler(body::add);
        http.endHandler(end -> body.whole.complete(body.exact()));
        http.exceptionHandler(body::broken);
        http.resume();
        if (!body.whole.isDone()) {
            body.expireAfter(within);
        }
        return body.whole;
    }

    /** Answers an {@code Expect}: the client may hold its body back until it hears that we want it. */
    private boolean isExpected() {
        String expectation = http.getHeader(HttpHeaders.EXPECT);
        if (expectation == null) {
            return true;
        }
        if (expectation.equalsIgnoreCase("100-continue")) {
            http.response().writeContinue();
            return true;
        }
        refuse(Problem.of(
                Problem.Kind.EXPECTATION_FAILED, "Expect must be absent or 100-continue, was '" + expectation + "'"));
        return false;
    }

    private void expireAfter(Duration within) {
        Vertx vertx = Vertx.currentContext().owner();
        long timer = vertx.setTimer(
                within.toMillis(),
                late -> refuse(Problem.of(
                        Problem.Kind.BODY_TIMEOUT,
                        "the body must arrive within penstock.ingress.body-timeout, " + within.toMillis() + " ms; had "
                                + length + " bytes by then")));
        whole.whenComplete((bytes, failure) -> vertx.cancelTimer(timer));
    }

    /** -1 when the body comes in chunks; the server itself refuses a length that is no number. */
    private static long announced(HttpServerRequest http) {
        String length = http.getHeader(HttpHeaders.CONTENT_LENGTH);
        return length == null ? -1 : Long.parseLong(length);
    }

    private void add(Buffer chunk) {
        if (whole.isDone()) {
            return; // refused; the rest is not looked at
        }
        if (chunk.length() > maxBytes - length) {
            refuseSize("more than " + maxBytes);
            return;
        }
        if (chunk.length() > bytes.length - length) {
            int wanted = Math.max(length + chunk.length(), Math.min(maxBytes, bytes.length * 2));
            bytes = Arrays.copyOf(bytes, wanted);
        }
        chunk.getBytes(0, chunk.length(), bytes, length);
        length += chunk.length();
    }

    private byte[] exact() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }

    private void broken(Throwable failure) {
        whole.completeExceptionally(
                failure instanceof ClosedChannelException
                        ? new InvalidRequestException("body", "must be whole, and the connection closed within it")
                        : failure);
    }

    private void refuseSize(String size) {
        refuse(Problem.of(
                Problem.Kind.PAYLOAD_TOO_LARGE,
                "the body has " + size + " bytes; penstock.max-request-bytes is " + maxBytes));
    }

    /** What is still on its way makes the connection useless for another call. */
    private void refuse(Problem problem) {
        bytes = new byte[0];
        EarlyAnswer.closeAfterAnswer(http, Vertx.currentContext().owner());
        whole.completeExceptionally(new Refusal(problem));
    }
}
