package dev.penstock.ingress.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.ingress.HttpLimits;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.RepositoryIndex;
import dev.penstock.messages.ModelStatus;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.tenants.Tenant;
import io.smallrye.common.annotation.NonBlocking;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The index of Triton's model repository extension: each model version of the workers, its state, and the reason. */
@Path("/v2")
@Singleton
@NonBlocking
public final class RepositoryResource {
    private static final int MAX_BODY_BYTES = 1024;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Catalogue catalogue;
    private final AuthenticationFilter authentication;
    private final HttpLimits limits;

    RepositoryResource(Catalogue catalogue, AuthenticationFilter authentication, HttpLimits limits) {
        this.catalogue = catalogue;
        this.authentication = authentication;
        this.limits = limits;
    }

    @POST
    @Path("repository/index")
    public CompletionStage<Response> index(@Context RoutingContext context) {
        Tenant tenant = authentication.tenantOf(context);
        return HttpBodyReader.read(context.request(), MAX_BODY_BYTES, limits).thenCompose(body -> {
            try {
                return CompletableFuture.completedFuture(index(tenant, asksForReady(body)));
            } catch (InvalidRequestException invalid) {
                return CompletableFuture.failedFuture(invalid);
            }
        });
    }

    private Response index(Tenant tenant, boolean readyOnly) {
        ArrayNode index = JSON.createArrayNode();
        for (RepositoryIndex.Entry entry : RepositoryIndex.of(catalogue, tenant::mayUse)) {
            if (!readyOnly || entry.state() == ModelStatus.State.READY) {
                ObjectNode node = index.addObject().put("name", entry.model());
                entry.version().ifPresent(version -> node.put("version", version));
                node.put("state", entry.state().name()).put("reason", entry.reason());
            }
        }
        try {
            return Response.ok(JSON.writeValueAsBytes(index))
                    .header(HttpHeaders.CONTENT_TYPE, RecordHeaders.JSON)
                    .build();
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static boolean asksForReady(byte[] body) throws InvalidRequestException {
        if (body.length == 0) {
            return false;
        }
        JsonNode asked;
        try {
            asked = JSON.readTree(body);
        } catch (IOException broken) {
            throw new InvalidRequestException("body", "must be empty or a JSON object such as {\"ready\": true}");
        }
        if (!asked.isObject()) {
            throw new InvalidRequestException("body", "must be empty or a JSON object such as {\"ready\": true}");
        }
        JsonNode ready = asked.path("ready");
        if (!ready.isMissingNode() && !ready.isBoolean()) {
            throw new InvalidRequestException("ready", "must be true or false, was " + ready);
        }
        return ready.booleanValue();
    }
}
