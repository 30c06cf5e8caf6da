package dev.penstock.ingress.triton;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.http.AuthenticationFilter;
import dev.penstock.ingress.submit.CallStatistics;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.tenants.Tenant;
import io.smallrye.common.annotation.NonBlocking;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jboss.resteasy.reactive.RestPath;

/** Triton's model configuration and statistics, which its measuring tools ask for. The index of its model repository is elsewhere. */
@Path("/v2")
@Singleton
@NonBlocking
public final class TritonResource {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Catalogue catalogue;
    private final CallStatistics statistics;
    private final AuthenticationFilter authentication;

    TritonResource(Catalogue catalogue, CallStatistics statistics, AuthenticationFilter authentication) {
        this.catalogue = catalogue;
        this.statistics = statistics;
        this.authentication = authentication;
    }

    @GET
    @Path("models/{model}/config")
    public Response config(@RestPath String model, @Context RoutingContext context) {
        return json(ModelConfigDocument.of(announced(model, Optional.empty(), context)));
    }

    @GET
    @Path("models/{model}/versions/{version}/config")
    public Response config(@RestPath String model, @RestPath String version, @Context RoutingContext context) {
        return json(ModelConfigDocument.of(announced(model, Optional.of(version), context)));
    }

    @GET
    @Path("models/stats")
    public Response statistics(@Context RoutingContext context) {
        Tenant tenant = authentication.tenantOf(context);
        ArrayNode entries = JSON.createArrayNode();
        catalogue.models().stream()
                .filter(tenant::mayUse)
                .forEach(model -> add(entries, model, catalogue.versions(model).keySet()));
        return statistics(entries);
    }

    @GET
    @Path("models/{model}/stats")
    public Response statistics(@RestPath String model, @Context RoutingContext context) {
        announced(model, Optional.empty(), context);
        return statistics(
                add(JSON.createArrayNode(), model, catalogue.versions(model).keySet()));
    }

    @GET
    @Path("models/{model}/versions/{version}/stats")
    public Response statistics(@RestPath String model, @RestPath String version, @Context RoutingContext context) {
        announced(model, Optional.of(version), context);
        return statistics(add(JSON.createArrayNode(), model, List.of(version)));
    }

    private ArrayNode add(ArrayNode entries, String model, Collection<String> versions) {
        versions.forEach(version -> entries.add(StatisticsDocument.of(model, version, statistics.of(model, version))));
        return entries;
    }

    private Announcement announced(String model, Optional<String> version, RoutingContext context) {
        CallCheck.requireAllowed(authentication.tenantOf(context), model);
        return catalogue.find(model, version).orElseThrow(() -> CallCheck.unknownModel(catalogue, model, version));
    }

    private static Response statistics(ArrayNode entries) {
        ObjectNode node = JSON.createObjectNode();
        node.set("model_stats", entries);
        return json(node);
    }

    private static Response json(JsonNode node) {
        try {
            return Response.ok(JSON.writeValueAsBytes(node))
                    .header(HttpHeaders.CONTENT_TYPE, RecordHeaders.JSON)
                    .build();
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
