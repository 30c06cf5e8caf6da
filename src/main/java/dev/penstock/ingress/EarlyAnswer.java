package dev.penstock.ingress;

import dev.penstock.protocol.Problem;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/** Ends calls in a problem document before any resource sees them, and before their bodies are read. */
final class EarlyAnswer {
    private static final long DRAINED_BYTES = 64 * 1024;

    private EarlyAnswer() {}

    /**
     * What is left of a short body is read and forgotten, so that its sender can read this; a long one ends the connection, and so does
     * one that does not come {@code within} that time.
     */
    static void send(RoutingContext call, Refusal refusal, Duration within) {
        HttpServerRequest http = call.request();
        if (isShort(http)) {
            drain(call, within);
            write(call, refusal);
        } else {
            sendAndClose(call, refusal);
        }
    }

    static void sendAndClose(RoutingContext call, Refusal refusal) {
        HttpServerResponse response = call.response();
        response.putHeader(HttpHeaders.CONNECTION, "close");
        response.endHandler(sent -> call.request().connection().close());
        write(call, refusal);
    }

    private static void write(RoutingContext call, Refusal refusal) {
        HttpServerResponse response = call.response();
        response.setStatusCode(refusal.problem().status());
        response.putHeader(HttpHeaders.CONTENT_TYPE, Problem.CONTENT_TYPE);
        refusal.retryAfterSeconds()
                .ifPresent(seconds -> response.putHeader(HttpHeaders.RETRY_AFTER, Integer.toString(seconds)));
        refusal.headers().forEach(response::putHeader);
        response.end(Buffer.buffer(refusal.problem().toJson()));
    }

    private static void drain(RoutingContext call, Duration within) {
        HttpServerRequest http = call.request();
        http.resume();
        if (!http.isEnded()) {
            long timer = call.vertx().setTimer(within.toMillis(), late -> abandon(call));
            http.endHandler(end -> call.vertx().cancelTimer(timer));
        }
    }

    /** Over HTTP/2 the connection has other calls. */
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
