package dev.penstock.ingress.http;

import dev.penstock.ingress.Ingress;
import dev.penstock.ingress.call.Call;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.ingress.call.LoopLag;
import dev.penstock.ingress.call.Refusal;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import io.smallrye.common.annotation.NonBlocking;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jboss.resteasy.reactive.RestPath;

/** Inference, synchronous or not. Runs on the event loops. Shares its root path with the metadata, since JAX-RS looks no further than the class that fits best. */
@Path("/v2")
@Singleton
@NonBlocking
public final class InferResource {
    /** JSON in any wrapping, the binary form, and what curl calls a body when it is told nothing. */
    private static final Set<String> CONTENT_TYPES =
            Set.of("application/json", "application/octet-stream", "application/x-www-form-urlencoded");

    /** W3C Trace Context; whatever else comes under that name is no trace, and left behind. */
    private static final Pattern TRACEPARENT = Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}");

    private final Ingress ingress;
    private final Callers callers;

    InferResource(Ingress ingress, Callers callers) {
        this.ingress = ingress;
        this.callers = callers;
    }

    @POST
    @Path("models/{model}/infer")
    public CompletionStage<Response> infer(@RestPath String model, @Context RoutingContext context)
            throws InvalidRequestException {
        return infer(model, Optional.empty(), context);
    }

    @POST
    @Path("models/{model}/versions/{version}/infer")
    public CompletionStage<Response> infer(
            @RestPath String model, @RestPath String version, @Context RoutingContext context)
            throws InvalidRequestException {
        return infer(model, Optional.of(version), context);
    }

    private CompletionStage<Response> infer(String model, Optional<String> version, RoutingContext context)
            throws InvalidRequestException {
        HttpServerRequest http = context.request();
        Tenant tenant = callers.tenantOf(context);
        if (!ingress.isTaking()) {
            http.response().putHeader("Connection", "close");
            throw new Refusal(
                    Problem.of(Problem.Kind.UNAVAILABLE, "this ingress is stopping; nothing was accepted"), 1);
        }
        checkContent(http);
        Preference preference = Preference.parse(http.headers().getAll("Prefer"));
        OptionalInt jsonLength = jsonLength(http);
        Optional<Duration> timeout = timeout(http);
        Optional<Lane> lane = lane(http);
        LoopLag lag = LoopLag.of(context);
        Optional<String> key = IdempotencyKey.read(http.headers().getAll(IdempotencyKey.HEADER));
        return CallBody.read(http, ingress.maxBodyBytes(), ingress.bodyTimeout())
                .thenCompose(body -> {
                    Payload payload = new Payload(ByteBuffer.wrap(body), jsonLength);
                    Optional<String> traceparent = Optional.ofNullable(http.getHeader("traceparent"))
                            .filter(given -> TRACEPARENT.matcher(given).matches());
                    Call call = new Call(tenant, model, version, payload, timeout, lane, traceparent, lag);
                    return key.isEmpty()
                            ? run(call, preference, atDisconnect(context))
                            : run(
                                    call,
                                    preference,
                                    IdempotencyKey.of(key.get(), call, http.getHeader(HttpHeaders.CONTENT_TYPE)));
                });
    }

    private CompletionStage<Response> run(Call call, Preference preference, Consumer<Runnable> atDisconnect) {
        CheckedCall checked;
        try {
            checked = ingress.check(call, preference.respondAsync());
        } catch (InvalidRequestException invalid) {
            return CompletableFuture.failedFuture(invalid);
        }
        return ingress.withinQuota(checked, () -> answer(checked, preference, atDisconnect));
    }

    private CompletionStage<Response> answer(
            CheckedCall checked, Preference preference, Consumer<Runnable> atDisconnect) {
        Call call = checked.call();
        if (!preference.respondAsync()) {
            return ingress.answer(checked, atDisconnect)
                    .thenApply(answered -> Answers.of(answered.id(), answered.reply()));
        }
        return ingress.submit(checked).thenCompose(id -> {
            if (preference.patience().isZero()) {
                return CompletableFuture.completedFuture(Answers.accepted(id, call.model()));
            }
            return accepted(id, call, preference);
        });
    }

    private CompletionStage<Response> run(Call call, Preference preference, IdempotencyKey key) {
        CheckedCall checked;
        try {
            checked = ingress.check(call, preference.respondAsync());
        } catch (InvalidRequestException invalid) {
            return CompletableFuture.failedFuture(invalid);
        }
        return ingress.withinQuota(checked, () -> answer(checked, preference, key));
    }

    private CompletionStage<Response> answer(CheckedCall checked, Preference preference, IdempotencyKey key) {
        Call call = checked.call();
        if (!preference.respondAsync()) {
            return ingress.answer(checked, key).thenApply(answered -> Answers.of(answered.id(), answered.reply()));
        }
        return ingress.submit(checked, key).thenCompose(id -> accepted(id, call, preference));
    }

    /** The outcome if it comes soon enough for the caller, or else where to look for it. */
    private CompletionStage<Response> accepted(RequestId id, Call call, Preference preference) {
        return ingress.outcome(id, preference.patience())
                .exceptionally(redisIsAway -> Optional.empty())
                .thenApply(outcome -> outcome.map(result -> Answers.of(id, Optional.of(result.reply())))
                        .orElseGet(() -> Answers.accepted(id, call.model())));
    }

    private static Consumer<Runnable> atDisconnect(RoutingContext context) {
        return action -> context.addEndHandler(sent -> {
            if (sent.failed()) {
                action.run();
            }
        });
    }

    private static void checkContent(HttpServerRequest http) {
        if (http.version() != HttpVersion.HTTP_2
                && !http.headers().contains("Content-Length")
                && !http.headers().contains("Transfer-Encoding")) {
            throw new Refusal(Problem.of(
                    Problem.Kind.LENGTH_REQUIRED,
                    "there must be a body, with Content-Length or Transfer-Encoding: chunked"));
        }
        for (String encoding : http.headers().getAll("Content-Encoding")) {
            if (!encoding.equalsIgnoreCase("identity")) {
                throw new Refusal(Problem.of(
                        Problem.Kind.UNSUPPORTED_MEDIA_TYPE,
                        "Content-Encoding must be absent or identity, was '" + encoding + "'"));
            }
        }
        String type = http.getHeader("Content-Type");
        if (type != null
                && !CONTENT_TYPES.contains(type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT))) {
            throw new Refusal(Problem.of(
                    Problem.Kind.UNSUPPORTED_MEDIA_TYPE,
                    "Content-Type must be application/json or application/octet-stream, was '" + type + "'"));
        }
    }

    private static OptionalInt jsonLength(HttpServerRequest http) throws InvalidRequestException {
        Optional<Long> length = number(http, "Inference-Header-Content-Length", 0);
        return length.isPresent()
                ? OptionalInt.of((int) Math.min(length.get(), Integer.MAX_VALUE))
                : OptionalInt.empty();
    }

    private static Optional<Duration> timeout(HttpServerRequest http) throws InvalidRequestException {
        return number(http, "Penstock-Timeout-Ms", 1).map(Duration::ofMillis);
    }

    private static Optional<Lane> lane(HttpServerRequest http) throws InvalidRequestException {
        String priority = http.getHeader("Penstock-Priority");
        if (priority == null) {
            return Optional.empty();
        }
        Optional<Lane> lane = Lane.labelled(priority);
        if (lane.isEmpty()) {
            throw new InvalidRequestException(
                    "Penstock-Priority", "must be interactive or bulk, was '" + priority + "'");
        }
        return lane;
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
