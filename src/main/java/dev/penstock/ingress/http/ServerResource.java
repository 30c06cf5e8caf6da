package dev.penstock.ingress.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.ingress.Ingress;
import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.Sleep;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus.State;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import dev.penstock.tenants.Tenant;
import io.smallrye.common.annotation.NonBlocking;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.resteasy.reactive.RestPath;

/** Metadata and health of the server and its models. */
@Path("/v2")
@Singleton
@NonBlocking
public final class ServerResource {
    private static final ObjectMapper JSON = new ObjectMapper();
    public static final List<String> EXTENSIONS = List.of(
            "binary_tensor_data",
            "classification",
            "model_configuration",
            "model_repository",
            "schedule_policy",
            "statistics");

    private final Ingress ingress;
    private final Catalogue catalogue;
    private final AuthenticationFilter authentication;
    private final String version;

    ServerResource(
            Ingress ingress,
            Catalogue catalogue,
            AuthenticationFilter authentication,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        this.ingress = ingress;
        this.catalogue = catalogue;
        this.authentication = authentication;
        this.version = version;
    }

    @GET
    public Response server() {
        ObjectNode node = JSON.createObjectNode().put("name", "penstock").put("version", version);
        ArrayNode extensions = node.putArray("extensions");
        EXTENSIONS.forEach(extensions::add);
        return json(node);
    }

    /** Live as long as it answers. It never depends on Kafka or Redis. */
    @GET
    @Path("health/live")
    public Response live() {
        return json(JSON.createObjectNode().put("live", true));
    }

    /** Ready when every model is that workers still serve. */
    @GET
    @Path("health/ready")
    public Response ready() {
        return ready(
                ingress.isConnected() && catalogue.isEveryModelReady(), "not every model has a worker that is ready");
    }

    @GET
    @Path("models")
    public Response models(@Context RoutingContext context) {
        Tenant tenant = authentication.tenantOf(context);
        ObjectNode node = JSON.createObjectNode();
        ArrayNode models = node.putArray("models");
        catalogue.models().stream().filter(tenant::mayUse).forEach(models::add);
        return json(node);
    }

    @GET
    @Path("models/{model}")
    public Response model(@RestPath String model, @Context RoutingContext context) {
        return metadata(model, Optional.empty(), context);
    }

    @GET
    @Path("models/{model}/versions/{version}")
    public Response model(@RestPath String model, @RestPath String version, @Context RoutingContext context) {
        return metadata(model, Optional.of(version), context);
    }

    @GET
    @Path("models/{model}/ready")
    public Response modelReady(@RestPath String model, @Context RoutingContext context) {
        return modelReady(model, Optional.empty(), context);
    }

    @GET
    @Path("models/{model}/versions/{version}/ready")
    public Response modelReady(@RestPath String model, @RestPath String version, @Context RoutingContext context) {
        return modelReady(model, Optional.of(version), context);
    }

    private Response metadata(String model, Optional<String> version, RoutingContext context) {
        Announcement announcement = announced(model, version, context);
        ObjectNode node = JSON.createObjectNode().put("name", model);
        ArrayNode versions = node.putArray("versions");
        catalogue.versions(model).keySet().forEach(versions::add);
        node.put("platform", "onnx_onnxv1");
        specs(node.putArray("inputs"), announcement.signature().inputs());
        specs(node.putArray("outputs"), announcement.signature().outputs());
        ObjectNode properties = node.putObject("properties");
        properties(properties, announcement.signature());
        properties
                .put("requests_topic", Topics.requests(model, Lane.INTERACTIVE))
                .put("bulk_requests_topic", Topics.requests(model, Lane.BULK))
                .put("dead_letters_topic", Topics.deadLetters(model));
        return json(node);
    }

    /** The specification allows strings. */
    private static void properties(ObjectNode node, Signature signature) {
        RunMode mode = signature.mode();
        node.put("batching", mode.kind().label()).put("batching_reason", mode.reason());
        if (!mode.isOneByOne()) {
            List<String> shared = signature.inputs().stream()
                    .filter(input -> !input.hasRows())
                    .map(TensorSpec::name)
                    .toList();
            if (!shared.isEmpty()) {
                node.put("shared_inputs", String.join(", ", shared));
            }
        }
    }

    private Response modelReady(String model, Optional<String> version, RoutingContext context) {
        announced(model, version, context);
        catalogue.sleepInTime(model).ifPresent(sleep -> {
            throw asleep(sleep);
        });
        String reason = Stream.of(State.UNAVAILABLE, State.LOADING)
                .flatMap(state -> catalogue.statuses().reason(model, version, state).stream())
                .findFirst()
                .map(said -> "the model has no ready worker: " + said)
                .orElse("the model has no ready worker");
        return ready(catalogue.isReady(model, version), reason);
    }

    /** To ask whether it is ready does not wake a model: a probe would keep it awake for ever. */
    private static ProblemException asleep(Sleep sleep) {
        Problem reason = Problem.of(Problem.Kind.UNAVAILABLE, "the model has no ready worker: " + sleep.explain())
                .with("ready", false)
                .with("state", State.SLEEPING.name());
        return new ProblemException(reason, sleep.startLeftSeconds());
    }

    private Announcement announced(String model, Optional<String> version, RoutingContext context) {
        CallCheck.requireAllowed(authentication.tenantOf(context), model);
        return catalogue.find(model, version).orElseThrow(() -> CallCheck.unknownModel(catalogue, model, version));
    }

    private static void specs(ArrayNode array, List<TensorSpec> specs) {
        for (TensorSpec spec : specs) {
            ObjectNode node = array.addObject()
                    .put("name", spec.name())
                    .put("datatype", spec.datatype().name());
            ArrayNode shape = node.putArray("shape");
            for (long dimension : spec.shape().toArray()) {
                shape.add(dimension);
            }
            if (!spec.labels().isEmpty()) {
                spec.labels().forEach(node.putObject("parameters").putArray("labels")::add);
            }
        }
    }

    /** The specification's text and its OpenAPI file disagree on the body. With both keys, it satisfies both. */
    private static Response ready(boolean ready, String reason) {
        if (!ready) {
            throw new ProblemException(
                    Problem.of(Problem.Kind.UNAVAILABLE, reason).with("ready", false), 2);
        }
        return json(JSON.createObjectNode().put("ready", true).put("live", true));
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
