package dev.penstock.ingress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.ingress.Ingress;
import dev.penstock.ingress.IngressConfig;
import dev.penstock.ingress.call.Refusal;
import dev.penstock.ingress.outcomes.StatusDocument;
import dev.penstock.ingress.outcomes.StoredResult;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.RequestId;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import io.smallrye.common.annotation.NonBlocking;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jboss.resteasy.reactive.RestPath;

/** Requests by their id: poll, cancel, follow. */
@Path("/v2/requests/{id}")
@Singleton
@NonBlocking
public final class RequestsResource {
    private final Ingress ingress;
    private final Callers callers;
    private final Duration heartbeat;

    RequestsResource(Ingress ingress, Callers callers, IngressConfig config) {
        this.ingress = ingress;
        this.callers = callers;
        this.heartbeat = config.eventsHeartbeat();
    }

    @GET
    public CompletionStage<Response> poll(@RestPath String id, @Context RoutingContext context)
            throws InvalidRequestException {
        RequestId request = verified(id, context);
        Duration patience =
                Preference.parse(context.request().headers().getAll("Prefer")).patience();
        return ingress.outcome(request, patience).handle((outcome, failure) -> {
            if (failure != null) {
                throw resultsUnavailable();
            }
            if (outcome.isPresent()) {
                return document(StatusDocument.completed(request, outcome.get()))
                        .build();
            }
            refuseForgotten(request);
            return document(StatusDocument.pending(request, Optional.empty()))
                    .header(HttpHeaders.RETRY_AFTER, 1)
                    .build();
        });
    }

    @DELETE
    public CompletionStage<Response> cancel(@RestPath String id, @Context RoutingContext context) {
        RequestId request = verified(id, context);
        return ingress.outcome(request, Duration.ZERO)
                .handle((outcome, failure) -> {
                    if (failure != null) {
                        throw resultsUnavailable();
                    }
                    if (outcome.isPresent()) {
                        throw new Refusal(Problem.of(
                                Problem.Kind.ALREADY_COMPLETED,
                                "the request has "
                                        + outcome.get().reply().outcome().status() + " already"));
                    }
                    refuseForgotten(request);
                    return request;
                })
                .thenCompose(ingress::cancel)
                .thenApply(cancelled -> Response.accepted().build());
    }

    /** First how things stand, then, unless that was it, the outcome. */
    @GET
    @Path("events")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    public Multi<OutboundSseEvent> events(@RestPath String id, @Context Sse sse, @Context RoutingContext context) {
        RequestId request = verified(id, context);
        Uni<Optional<StoredResult>> now =
                Uni.createFrom().completionStage(() -> ingress.outcome(request, Duration.ZERO));
        return now.onItem().transformToMulti(outcome -> {
            if (outcome.isPresent()) {
                return Multi.createFrom().item(event(sse, request, outcome.get()));
            }
            refuseForgotten(request);
            OutboundSseEvent queued =
                    sse.newEvent("status", new String(StatusDocument.pending(request, Optional.empty()), UTF_8));
            return Multi.createBy()
                    .concatenating()
                    .streams(
                            Multi.createFrom().item(queued),
                            looks(request)
                                    .map(look -> look.map(result -> event(sse, request, result))
                                            .orElseGet(() -> heartbeat(sse, request))));
        });
    }

    /** Looks again after each wait, until there is an outcome or can be none any more. */
    private Multi<Optional<StoredResult>> looks(RequestId request) {
        return Multi.createBy()
                .repeating()
                .completionStage(() -> ingress.outcome(request, heartbeat))
                .whilst(Optional::isEmpty);
    }

    /** A comment, which readers pass over: the connection is not idle, neither for us nor for the proxies between. */
    private OutboundSseEvent heartbeat(Sse sse, RequestId request) {
        refuseForgotten(request);
        return sse.newEventBuilder().comment("waiting").build();
    }

    private static OutboundSseEvent event(Sse sse, RequestId request, StoredResult result) {
        return sse.newEvent(
                result.reply().outcome().status(), new String(StatusDocument.completed(request, result), UTF_8));
    }

    private RequestId verified(String id, RoutingContext context) {
        return ingress.verify(id, callers.tenantOf(context))
                .orElseThrow(() -> new Refusal(Problem.of(Problem.Kind.NOT_FOUND, "there is no request '" + id + "'")));
    }

    private void refuseForgotten(RequestId request) {
        if (ingress.isForgotten(request)) {
            throw new Refusal(Problem.of(Problem.Kind.GONE, "the outcome of this request is no longer kept"));
        }
    }

    private static Refusal resultsUnavailable() {
        return new Refusal(
                Problem.of(
                        Problem.Kind.UNAVAILABLE, "Redis, which holds the outcomes, does not answer; nothing is lost"),
                1);
    }

    private static Response.ResponseBuilder document(byte[] json) {
        return Response.ok(json).header(HttpHeaders.CONTENT_TYPE, RecordHeaders.JSON);
    }
}
