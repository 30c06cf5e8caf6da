package dev.penstock.ingress.http;

import dev.penstock.ingress.call.Call;
import dev.penstock.ingress.call.EventLoopLag;
import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.negotiation.Preference;
import dev.penstock.ingress.web.BodyTypes;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import dev.penstock.tracing.CallTrace;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The headers of an inference call.
 *
 * @param jsonLength the length of the JSON part of a binary body
 * @param isFromEdge whether an edge makes the call, for callers of its own
 */
record InferHeaders(
        Preference preference,
        OptionalInt jsonLength,
        Optional<Duration> timeout,
        Optional<Lane> lane,
        Optional<String> contentType,
        Optional<String> idempotencyKey,
        boolean isFromEdge) {
    /**
     * Reads and checks the headers.
     *
     * @throws ProblemException when the length or the type of the body is not supported
     */
    static InferHeaders read(HttpServerRequest http) throws InvalidRequestException {
        requireLength(http);
        Optional<String> contentType = contentType(http);
        return new InferHeaders(
                Preference.parse(http.headers().getAll("Prefer")),
                jsonLength(http),
                number(http, "Penstock-Timeout-Ms", 1).map(Duration::ofMillis),
                lane(http),
                contentType,
                IdempotencyKey.read(http.headers().getAll(IdempotencyKey.HEADER)),
                number(http, "Penstock-Hops", 1).isPresent());
    }

    Call call(Tenant tenant, String model, Optional<String> version, byte[] body, CallTrace trace, EventLoopLag lag) {
        Payload payload = new Payload(ByteBuffer.wrap(body), jsonLength);
        return new Call(tenant, model, version, payload, timeout, lane, isFromEdge, trace, lag);
    }

    Optional<IdempotencyKey> idempotencyKey(Call call) {
        return idempotencyKey.map(key -> IdempotencyKey.of(key, call, contentType.orElse("")));
    }

    private static void requireLength(HttpServerRequest http) {
        if (http.version() != HttpVersion.HTTP_2
                && !http.headers().contains("Content-Length")
                && !http.headers().contains("Transfer-Encoding")) {
            throw new ProblemException(Problem.of(
                    Problem.Kind.LENGTH_REQUIRED,
                    "there must be a body, with Content-Length or Transfer-Encoding: chunked"));
        }
    }

    private static Optional<String> contentType(HttpServerRequest http) {
        String type = http.getHeader("Content-Type");
        if (type != null && BodyTypes.isOfAnother(type)) {
            throw new ProblemException(Problem.of(
                    Problem.Kind.UNSUPPORTED_MEDIA_TYPE,
                    "Content-Type must be application/json or application/octet-stream, was '" + type + "'"));
        }
        return Optional.ofNullable(type);
    }

    private static OptionalInt jsonLength(HttpServerRequest http) throws InvalidRequestException {
        Optional<Long> length = number(http, "Inference-Header-Content-Length", 0);
        return length.isPresent()
                ? OptionalInt.of((int) Math.min(length.get(), Integer.MAX_VALUE))
                : OptionalInt.empty();
    }

    private static Optional<Lane> lane(HttpServerRequest http) throws InvalidRequestException {
        String priority = http.getHeader("Penstock-Priority");
        return priority == null ? Optional.empty() : Lane.ofPriority("Penstock-Priority", priority);
    }

    private static Optional<Long> number(HttpServerRequest http, String header, long min)
            throws InvalidRequestException {
        String text = http.getHeader(header);
        if (text == null) {
            return Optional.empty();
        }
        if (text.isEmpty()
                || text.length() > 18
                || !text.chars().allMatch(c -> c >= '0' && c <= '9')
                || Long.parseLong(text) < min) {
            throw new InvalidRequestException(
                    header, "must be a whole number of " + min + " or more, was '" + text + "'");
        }
        return Optional.of(Long.parseLong(text));
    }
}
