package dev.penstock.ingress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.ingress.HttpLimits;
import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.negotiation.Preference;
import dev.penstock.ingress.outcomes.KeptOutcomes;
import dev.penstock.ingress.outcomes.StatusDocument;
import dev.penstock.ingress.outcomes.StoredResult;
import dev.penstock.ingress.submit.Cancellation;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Problem;
import io.smallrye.common.annotation.NonBlocking;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jboss.resteasy.reactive.RestPath;

/** Requests by their id: polls, cancellations and event streams. */
@Path("/v2/requests/{id}")
@Singleton
@NonBlocking
public final class RequestsResource {
    private static final int OVERDUE_RETRY_SECONDS = 10;

    /** After the outcome a browser need not wait to hear that nothing follows. */
    private static final long RECONNECT_MILLIS = 1000;

    /** The id of the event that says so. An outcome's event has its status as its id. */
    private static final String QUEUED = "queued";

    /** No cache may keep it, or change it on the way: a status passes. */
    private static final String NO_STORE = "no-store, no-transform";

    private final AuthenticationFilter authentication;
    private final RequestIdIssuer ids;
    private final KeptOutcomes outcomes;
    private final Cancellation cancellation;
    private final Duration heartbeat;
    private final NonFinite nonFinite;
    private final int packFromBytes;

    RequestsResource(
            AuthenticationFilter authentication,
            RequestIdIssuer ids,
            KeptOutcomes outcomes,
            Cancellation cancellation,
            CallCheck check,
            HttpLimits limits) {
        this.authentication = authentication;
        this.ids = ids;
        this.outcomes = outcomes;
        this.cancellation = cancellation;
        this.heartbeat = limits.eventsHeartbeat();
        this.nonFinite = check.nonFinite();
        this.packFromBytes = limits.packFromBytes();
    }

    @GET
    public CompletionStage<Response> poll(@RestPath String id, @Context RoutingContext context)
            throws InvalidRequestException {
        RequestId request = verified(id, context);
        Duration patience =
                Preference.parse(context.request().headers().getAll("Prefer")).patience();
        return outcomes.await(request, patience)
                .thenApply(outcome -> outcome.map(
                                result -> document(StatusDocument.completed(request, result, nonFinite)))
                        .orElseGet(() -> document(queued(request)).with(HttpHeaders.RETRY_AFTER, "1")))
                .thenCompose(answer -> answer.packed(context, packFromBytes))
                .thenApply(HttpAnswer::toResponse);
    }

    @DELETE
    public CompletionStage<Response> cancel(@RestPath String id, @Context RoutingContext context) {
        RequestId request = verified(id, context);
        return outcomes.await(request, Duration.ZERO)
                .thenCompose(outcome -> {
                    if (outcome.isPresent()) {
                        throw new ProblemException(Problem.of(
                                Problem.Kind.ALREADY_COMPLETED,
                                "the request has already "
                                        + outcome.get().reply().outcome().status()));
                    }
                    return cancellation.cancel(request);
                })
                .thenApply(cancelled -> Response.accepted().build());
    }

    /**
     * Sends the current status first, if the request is not overdue, and then the outcome once there is one. A browser connects again after
     * the end of a stream, and names the last event that it got. If that was an outcome, the answer is 204, after which it stops.
     */
    @GET
    @Path("events")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    public Multi<OutboundSseEvent> events(@RestPath String id, @Context Sse sse, @Context RoutingContext context) {
        RequestId request = verified(id, context);
        outcomes.requireKept(request); // once the stream has begun, a failure can only break it off
        String lastEvent = Objects.requireNonNullElse(context.request().getHeader("Last-Event-ID"), "");
        context.response().putHeader(HttpHeaders.CACHE_CONTROL, NO_STORE);
        if (Outcome.STATUSES.contains(lastEvent)) {
            throw new WebApplicationException(Response.noContent().build());
        }
        if (HttpMethod.HEAD.equals(context.request().method())) {
            throw new WebApplicationException(
                    Response.ok().type(MediaType.SERVER_SENT_EVENTS).build());
        }
        Uni<Optional<StoredResult>> now =
                Uni.createFrom().completionStage(() -> outcomes.awaitOrGoOn(request, Duration.ZERO));
        return now.onItem().transformToMulti(outcome -> {
            if (outcome.isPresent()) {
                return Multi.createFrom().item(event(sse, request, outcome.get()));
            }
            Optional<OutboundSseEvent> status = outcomes.isOverdue(request) || QUEUED.equals(lastEvent)
                    ? Optional.empty()
                    : Optional.of(sse.newEventBuilder()
                            .id(QUEUED)
                            .name("status")
                            .data(new String(queued(request), UTF_8))
                            .build());
            return Multi.createBy()
                    .concatenating()
                    .streams(
                            Multi.createFrom().optional(status),
                            looks(request)
                                    .map(look -> look.map(result -> event(sse, request, result))
                                            .orElseGet(() -> heartbeat(sse))));
        });
    }

    /** @throws ProblemException when its reply is overdue */
    private byte[] queued(RequestId request) {
        if (outcomes.isOverdue(request)) {
            throw new ProblemException(
                    Problem.of(
                                    Problem.Kind.DEADLINE_EXCEEDED,
                                    "the deadline is over and no reply has come: no worker has taken the request, or its "
                                            + "reply could not be delivered and the model's dead letters have it")
                            .with("id", request.toString()),
                    OVERDUE_RETRY_SECONDS);
        }
        return StatusDocument.pending(request, Optional.empty());
    }

    /** Waits again and again until there is an outcome, or until it would no longer be kept. */
    private Multi<Optional<StoredResult>> looks(RequestId request) {
        return Multi.createBy()
                .repeating()
                .completionStage(() -> outcomes.awaitOrGoOn(request, heartbeat))
                .whilst(Optional::isEmpty);
    }

    /** A comment, which clients ignore. It keeps the server and proxies from closing an idle connection. */
    private static OutboundSseEvent heartbeat(Sse sse) {
        return sse.newEventBuilder().comment("waiting").build();
    }

    private OutboundSseEvent event(Sse sse, RequestId request, StoredResult result) {
        String status = result.reply().outcome().status();
        return sse.newEventBuilder()
                .id(status)
                .name(status)
                .reconnectDelay(RECONNECT_MILLIS)
                .data(new String(StatusDocument.completed(request, result, nonFinite), UTF_8))
                .build();
    }

    private RequestId verified(String id, RoutingContext context) {
        return ids.verify(id, authentication.tenantOf(context))
                .orElseThrow(() ->
                        new ProblemException(Problem.of(Problem.Kind.NOT_FOUND, "there is no request '" + id + "'")));
    }

    private static HttpAnswer document(byte[] json) {
        return HttpAnswer.json(json).with(HttpHeaders.CACHE_CONTROL, NO_STORE);
    }
}
