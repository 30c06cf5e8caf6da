package dev.penstock.ingress.http;

import dev.penstock.ingress.call.GrpcPaths;
import dev.penstock.ingress.call.GrpcStatus;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.negotiation.ErrorForm;
import dev.penstock.protocol.Problem;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/** Refuses calls before any resource sees them and before their bodies are read. */
final class EarlyResponse {
    private static final long DRAINED_BYTES = 64 * 1024;
    private static final Duration LINGER = Duration.ofSeconds(1);

    private EarlyResponse() {}

    /**
     * Answers. The rest of a short body is read and discarded, so that the client gets to read the answer. A long body ends the
     * connection, and so does one that does not arrive {@code within} that time.
     */
    static void send(RoutingContext call, ProblemException refusal, Duration within) {
        HttpServerRequest http = call.request();
        if (isShort(http)) {
            drain(http, call.vertx(), within, () -> {}, () -> abandon(call));
            write(call, refusal);
        } else {
            sendAndClose(call, refusal);
        }
    }

    static void sendAndClose(RoutingContext call, ProblemException refusal) {
        closeAfterAnswer(call.request(), call.vertx());
        write(call, refusal);
    }

    /**
     * Closes the connection after the next answer. For a moment, everything that the client still sends is read and discarded. If it were
     * closed at once, it would be reset and the client could lose the answer (RFC 9112, section 9.6).
     */
    static void closeAfterAnswer(HttpServerRequest http, Vertx vertx) {
        http.response().putHeader(HttpHeaders.CONNECTION, "close");
        http.response().endHandler(sent -> {
            Runnable close = () -> http.connection().close();
            drain(http, vertx, LINGER, close, close);
        });
    }

    private static void write(RoutingContext call, ProblemException refusal) {
        HttpServerResponse response = call.response();
        if (GrpcPaths.isGrpc(call.request().getHeader(HttpHeaders.CONTENT_TYPE))) {
            ResponseCounter.answers(call, "", refusal.problem().status());
            writeTrailers(response, refusal);
            return;
        }
        HttpAnswer.refusal(refusal, ErrorForm.of(call.request().headers().getAll(HttpHeaders.ACCEPT)))
                .send(response);
    }

    /** Over gRPC, a refusal is one block of headers, which are the trailers, too. */
    private static void writeTrailers(HttpServerResponse response, ProblemException refusal) {
        Problem problem = refusal.problem();
        response.putHeader(HttpHeaders.CONTENT_TYPE, GrpcStatus.CONTENT_TYPE)
                .putHeader("grpc-status", Integer.toString(GrpcStatus.of(problem)))
                .putHeader("grpc-message", GrpcStatus.message(problem.detail()));
        refusal.retryAfterSeconds()
                .ifPresent(seconds -> response.putHeader(HttpHeaders.RETRY_AFTER, Integer.toString(seconds)));
        refusal.headers().forEach(response::putHeader);
        response.end();
    }

    /** Reads and discards the rest of the body until it ends or is {@code late}. */
    private static void drain(HttpServerRequest http, Vertx vertx, Duration within, Runnable ended, Runnable late) {
        if (http.isEnded()) { // takes no handler any more
            ended.run();
            return;
        }
        http.handler(rest -> {});
        http.exceptionHandler(gone -> {});
        http.resume();
        if (http.isEnded()) {
            ended.run();
            return;
        }
        long timer = vertx.setTimer(within.toMillis(), over -> late.run());
        http.endHandler(end -> {
            vertx.cancelTimer(timer);
            ended.run();
        });
    }

    /** Over HTTP/2 only the stream is reset, since the connection has other calls. */
    private static void abandon(RoutingContext call) {
        if (call.request().version() == HttpVersion.HTTP_2) {
            call.response().reset();
        } else {
            call.request().connection().close();
        }
    }

    private static boolean isShort(HttpServerRequest http) {
        String length = http.getHeader(HttpHeaders.CONTENT_LENGTH);
        return http.version() == HttpVersion.HTTP_2
                || (!http.headers().contains(HttpHeaders.EXPECT)
                        && (length == null
                                ? !http.headers().contains(HttpHeaders.TRANSFER_ENCODING)
                                : Long.parseLong(length) <= DRAINED_BYTES));
    }
}
