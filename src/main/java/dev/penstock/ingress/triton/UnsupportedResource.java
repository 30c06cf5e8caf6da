package dev.penstock.ingress.triton;

import dev.penstock.ingress.call.ProblemException;
import dev.penstock.protocol.Problem;
import io.smallrye.common.annotation.NonBlocking;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jboss.resteasy.reactive.RestPath;

/** Calls of Triton's extensions that this service does not have. Each is 501 with the reason, and with what to do instead. */
@Path("/v2")
@Singleton
@NonBlocking
public final class UnsupportedResource {
    private static final String TRACES =
            "trace settings are not supported; traces are set by penstock.tracing.* when a process starts";
    private static final String LOGS =
            "log settings are not supported; logs are set by quarkus.log.* when a process starts";
    private static final String MEMORY =
            "shared memory is not supported: models run in other processes than this one. Send the data, in binary form";
    private static final String REPOSITORY =
            "explicit model load / unload is not supported; workers serve what is in their model folder when they start";

    @GET
    @Path("trace/setting")
    public CompletionStage<Response> traces() {
        return refused(TRACES);
    }

    @POST
    @Path("trace/setting")
    public CompletionStage<Response> setTraces() {
        return refused(TRACES);
    }

    @GET
    @Path("models/{model}/trace/setting")
    public CompletionStage<Response> tracesOf(@RestPath String model) {
        return refused(TRACES);
    }

    @POST
    @Path("models/{model}/trace/setting")
    public CompletionStage<Response> setTracesOf(@RestPath String model) {
        return refused(TRACES);
    }

    @GET
    @Path("logging")
    public CompletionStage<Response> logs() {
        return refused(LOGS);
    }

    @POST
    @Path("logging")
    public CompletionStage<Response> setLogs() {
        return refused(LOGS);
    }

    @GET
    @Path("{kind: systemsharedmemory|cudasharedmemory}/{call: .*}")
    public CompletionStage<Response> memory(@RestPath String kind, @RestPath String call) {
        return refused(MEMORY);
    }

    @POST
    @Path("{kind: systemsharedmemory|cudasharedmemory}/{call: .*}")
    public CompletionStage<Response> setMemory(@RestPath String kind, @RestPath String call) {
        return refused(MEMORY);
    }

    @POST
    @Path("repository/models/{model}/{call: load|unload}")
    public CompletionStage<Response> load(@RestPath String model, @RestPath String call) {
        return refused(REPOSITORY);
    }

    private static CompletionStage<Response> refused(String detail) {
        return CompletableFuture.failedFuture(new ProblemException(Problem.of(Problem.Kind.NOT_SUPPORTED, detail)));
    }
}
