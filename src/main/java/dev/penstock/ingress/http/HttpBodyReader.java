package dev.penstock.ingress.http;

import dev.penstock.ingress.HttpLimits;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.negotiation.ContentCoding;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.StreamResetException;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Reads a call's body within a limit on its size and a limit on time. It allocates memory for the bytes that arrive, not for the announced
 * length. Confined to the event loop of its connection.
 */
final class HttpBodyReader {
    /** The largest first buffer, since an announced length may be false. */
    private static final int FIRST_BYTES = 64 * 1024;

    /** The first buffer of a body that arrives in chunks. */
    private static final int UNANNOUNCED_BYTES = 8 * 1024;

    private final HttpServerRequest http;
    private final int maxBytes;
    private final int mostExpected;
    private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
    private byte[] bytes;
    private int length;

    /** @param announced the length, if the call tells it; empty for a body that arrives in chunks */
    private HttpBodyReader(HttpServerRequest http, int maxBytes, OptionalLong announced) {
        this.http = http;
        this.maxBytes = maxBytes;
        this.mostExpected = (int) Math.min(announced.orElse(maxBytes), maxBytes);
        this.bytes = new byte[(int) Math.min(announced.orElse(UNANNOUNCED_BYTES), Math.min(FIRST_BYTES, maxBytes))];
    }

    /**
     * Completes with the body, unpacked. Fails with a {@link ProblemException} as soon as it has more than {@code maxBytes}, or when it has
     * not fully arrived in time. Must be called on the connection's event loop.
     *
     * @throws ProblemException when the body has an encoding that is not supported
     */
    static CompletionStage<byte[]> read(HttpServerRequest http, int maxBytes, HttpLimits limits) {
        Optional<ContentCoding> coding = ContentCoding.of(http.headers().getAll(HttpHeaders.CONTENT_ENCODING));
        CompletableFuture<byte[]> sent = asSent(http, maxBytes, limits.bodyTimeout());
        return coding.isEmpty()
                ? sent
                : sent.thenCompose(packed -> unpacked(packed, coding.get(), maxBytes, limits.maxUnpackingRatio()));
    }

    /** Unpacking takes too long for an event loop. */
    private static CompletionStage<byte[]> unpacked(byte[] packed, ContentCoding coding, int maxBytes, int maxRatio) {
        return Vertx.currentContext()
                .owner()
                .executeBlocking(() -> coding.unpack(packed, maxBytes, maxRatio), false)
                .toCompletionStage();
    }

    private static CompletableFuture<byte[]> asSent(HttpServerRequest http, int maxBytes, Duration within) {
        OptionalLong announced = announced(http);
        HttpBodyReader body = new HttpBodyReader(http, maxBytes, announced);
        if (announced.isPresent() && announced.getAsLong() > maxBytes) {
            body.refuseSize(Long.toString(announced.getAsLong()));
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

    /** Answers an {@code Expect} header: the client may hold its body back until then. */
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
                        "the body must arrive within " + within.toMillis() + " ms (penstock.ingress.body-timeout); had "
                                + length + " bytes by then")));
        whole.whenComplete((bytes, failure) -> vertx.cancelTimer(timer));
    }

    /** Empty when the body arrives in chunks. The server itself refuses a length that is not a number. */
    private static OptionalLong announced(HttpServerRequest http) {
        String length = http.getHeader(HttpHeaders.CONTENT_LENGTH);
        return length == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(length));
    }

    private void add(Buffer chunk) {
        if (whole.isDone()) {
            return; // refused; the rest is ignored
        }
        if (chunk.length() > maxBytes - length) {
            refuseSize("more");
            return;
        }
        if (chunk.length() > bytes.length - length) {
            int wanted = Math.max(length + chunk.length(), Math.min(mostExpected, bytes.length * 2));
            bytes = Arrays.copyOf(bytes, wanted);
        }
        chunk.getBytes(0, chunk.length(), bytes, length);
        length += chunk.length();
    }

    private byte[] exact() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }

    /** The client ended the connection, or in HTTP/2 the call. */
    private static boolean isTheClients(Throwable failure) {
        return failure instanceof IOException
                || failure instanceof HttpClosedException
                || failure instanceof StreamResetException;
    }

    private void broken(Throwable failure) {
        whole.completeExceptionally(
                isTheClients(failure)
                        ? new InvalidRequestException("body", "must be complete; the client left before its end")
                        : failure);
    }

    private void refuseSize(String size) {
        refuse(Problem.of(
                Problem.Kind.PAYLOAD_TOO_LARGE,
                "the body must have at most " + maxBytes + " bytes (penstock.max-request-bytes), had " + size));
    }

    /** Closes the connection after the answer, since the unread rest of the body blocks it for other calls. */
    private void refuse(Problem problem) {
        bytes = new byte[0];
        EarlyResponse.closeAfterAnswer(http, Vertx.currentContext().owner());
        whole.completeExceptionally(new ProblemException(problem));
    }
}
