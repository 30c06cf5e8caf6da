package dev.penstock.ingress.grpc;

import dev.penstock.ingress.Drain;
import dev.penstock.ingress.Ingress;
import dev.penstock.ingress.IngressParts;
import dev.penstock.ingress.IngressStart;
import dev.penstock.ingress.ResponseMeters;
import dev.penstock.ingress.call.CallCheck;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.RepositoryIndex;
import dev.penstock.ingress.http.AuthenticationFilter;
import dev.penstock.ingress.http.ResponseCounter;
import dev.penstock.ingress.http.ServerResource;
import dev.penstock.ingress.http.TraceFilter;
import dev.penstock.ingress.submit.SynchronousCalls.PendingCall;
import dev.penstock.messages.Announcement;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.tenants.Tenant;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.ModelConfigRequest;
import inference.GrpcService.ModelConfigResponse;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferResponse;
import inference.GrpcService.ModelMetadataRequest;
import inference.GrpcService.ModelMetadataResponse;
import inference.GrpcService.ModelReadyRequest;
import inference.GrpcService.ModelReadyResponse;
import inference.GrpcService.ModelStatisticsRequest;
import inference.GrpcService.ModelStatisticsResponse;
import inference.GrpcService.ModelStreamInferResponse;
import inference.GrpcService.RepositoryIndexRequest;
import inference.GrpcService.RepositoryIndexResponse;
import inference.GrpcService.ServerLiveRequest;
import inference.GrpcService.ServerLiveResponse;
import inference.GrpcService.ServerMetadataRequest;
import inference.GrpcService.ServerMetadataResponse;
import inference.GrpcService.ServerReadyRequest;
import inference.GrpcService.ServerReadyResponse;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.inject.Instance;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * The service of the protocol, {@code inference.GRPCInferenceService}. Runs on the event loops. Methods that are not here answer
 * UNIMPLEMENTED: shared memory, traces, log settings, and administration, which has the management port.
 */
@GrpcService
public final class InferenceService implements BindableService, GRPCInferenceServiceGrpc.AsyncService {
    private static final String REQUEST_ID = "penstock-request-id";
    private static final int OK = 200;

    private final Instance<Ingress> ingress;
    private final IngressStart start;
    private final AuthenticationFilter authentication;
    private final ResponseMeters meters;
    private final InferCalls calls;
    private final String version;
    private final RequestMarshaller requests;

    InferenceService(
            Instance<Ingress> ingress,
            IngressStart start,
            AuthenticationFilter authentication,
            TraceFilter traces,
            Drain drain,
            ResponseMeters meters,
            @ConfigProperty(name = "quarkus.application.version") String version,
            @ConfigProperty(name = "quarkus.grpc.server.max-inbound-message-size") int maxMessageBytes) {
        this.ingress = ingress;
        this.start = start;
        this.authentication = authentication;
        this.meters = meters;
        this.calls = new InferCalls(authentication, traces, drain, this::parts);
        this.version = version;
        this.requests = new RequestMarshaller(maxMessageBytes);
    }

    /** The generated definition, with a marshaller of our own where there are tensors. */
    @Override
    public ServerServiceDefinition bindService() {
        ServerServiceDefinition generated = GRPCInferenceServiceGrpc.bindService(this);
        ServiceDescriptor descriptor = generated.getServiceDescriptor();
        Map<String, ServerMethodDefinition<?, ?>> methods = new HashMap<>();
        generated.getMethods().forEach(method -> methods.put(name(method), method));
        replace(methods, generated, GRPCInferenceServiceGrpc.getModelInferMethod());
        replace(methods, generated, GRPCInferenceServiceGrpc.getModelStreamInferMethod());
        ServiceDescriptor.Builder replaced = ServiceDescriptor.newBuilder(descriptor.getName())
                .setSchemaDescriptor(descriptor.getSchemaDescriptor());
        methods.values().forEach(method -> replaced.addMethod(method.getMethodDescriptor()));
        ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(replaced.build());
        methods.values().forEach(service::addMethod);
        return service.build();
    }

    private <A> void replace(
            Map<String, ServerMethodDefinition<?, ?>> methods,
            ServerServiceDefinition generated,
            MethodDescriptor<ModelInferRequest, A> method) {
        @SuppressWarnings("unchecked") // the generated method of this name has these types
        ServerMethodDefinition<ModelInferRequest, A> same =
                (ServerMethodDefinition<ModelInferRequest, A>) generated.getMethod(method.getFullMethodName());
        methods.put(
                method.getFullMethodName(),
                ServerMethodDefinition.create(
                        method.toBuilder(requests, method.getResponseMarshaller())
                                .build(),
                        same.getServerCallHandler()));
    }

    private static String name(ServerMethodDefinition<?, ?> method) {
        return method.getMethodDescriptor().getFullMethodName();
    }

    @Override
    public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> caller) {
        answer(caller, http -> ServerLiveResponse.newBuilder().setLive(true).build());
    }

    @Override
    public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> caller) {
        answer(
                caller,
                http -> ServerReadyResponse.newBuilder()
                        .setReady(isReady(start, ingress::get))
                        .build());
    }

    /** Whether the server can take calls, and every model that workers still serve is ready. */
    static boolean isReady(IngressStart start, Supplier<Ingress> ingress) {
        return start.waitsFor().isEmpty()
                && ingress.get().isConnected()
                && ingress.get().parts().catalogue().isEveryModelReady();
    }

    @Override
    public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> caller) {
        answer(caller, http -> {
            CallCheck.requireAllowed(authentication.tenantOf(http), request.getName());
            return ModelReadyResponse.newBuilder()
                    .setReady(catalogue().isReady(request.getName(), InferCalls.version(request.getVersion())))
                    .build();
        });
    }

    @Override
    public void serverMetadata(ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> caller) {
        answer(
                caller,
                http -> ServerMetadataResponse.newBuilder()
                        .setName("penstock")
                        .setVersion(version)
                        .addAllExtensions(ServerResource.EXTENSIONS)
                        .build());
    }

    @Override
    public void modelMetadata(ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> caller) {
        answer(
                caller,
                http -> ModelMessages.metadata(
                        announced(request.getName(), request.getVersion(), http),
                        catalogue().versions(request.getName()).keySet()));
    }

    @Override
    public void modelConfig(ModelConfigRequest request, StreamObserver<ModelConfigResponse> caller) {
        answer(
                caller,
                http -> ModelConfigResponse.newBuilder()
                        .setConfig(ModelMessages.config(announced(request.getName(), request.getVersion(), http)))
                        .build());
    }

    /** Without a name, those of all models that the caller may use. */
    @Override
    public void modelStatistics(ModelStatisticsRequest request, StreamObserver<ModelStatisticsResponse> caller) {
        answer(caller, http -> {
            Tenant tenant = authentication.tenantOf(http);
            ModelStatisticsResponse.Builder all = ModelStatisticsResponse.newBuilder();
            if (request.getName().isEmpty()) {
                catalogue().models().stream().filter(tenant::mayUse).forEach(model -> addStatistics(all, model));
                return all.build();
            }
            announced(request.getName(), request.getVersion(), http);
            if (request.getVersion().isEmpty()) {
                addStatistics(all, request.getName());
            } else {
                addStatistics(all, request.getName(), request.getVersion());
            }
            return all.build();
        });
    }

    private void addStatistics(ModelStatisticsResponse.Builder all, String model) {
        catalogue().versions(model).keySet().forEach(each -> addStatistics(all, model, each));
    }

    private void addStatistics(ModelStatisticsResponse.Builder all, String model, String modelVersion) {
        all.addModelStats(ModelMessages.statistics(
                model, modelVersion, parts().statistics().of(model, modelVersion)));
    }

    @Override
    public void repositoryIndex(RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> caller) {
        answer(caller, http -> {
            Tenant tenant = authentication.tenantOf(http);
            return ModelMessages.index(RepositoryIndex.of(catalogue(), tenant::mayUse), request.getReady());
        });
    }

    @Override
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
        RoutingContext http = GrpcCalls.current();
        Context loop = Vertx.currentContext();
        ServerCallStreamObserver<ModelInferResponse> caller = (ServerCallStreamObserver<ModelInferResponse>) observer;
        CompletableFuture<PendingCall> started = new CompletableFuture<>();
        AtomicBoolean isOver = new AtomicBoolean();
        Runnable gone = () -> {
            if (isOver.compareAndSet(false, true)) {
                started.thenAccept(PendingCall::callerDisconnected);
            }
        };
        caller.setOnCancelHandler(gone);
        http.addEndHandler(ended -> {
            if (ended.failed()) {
                gone.run();
            }
        });
        run(request, http, started::complete)
                .whenComplete((answer, failure) -> loop.runOnContext(on -> {
                    if (http.response().closed() || !isOver.compareAndSet(false, true)) {
                        return;
                    }
                    started.thenAccept(PendingCall::answered);
                    String model = request.getModelName();
                    if (failure == null) {
                        HttpServerResponse response = http.response()
                                .putHeader(REQUEST_ID, answer.id().toString());
                        answer.fields().forEach(response::putHeader);
                        ResponseCounter.answers(http, model, OK);
                        caller.onNext(answer.message());
                        caller.onCompleted();
                    } else {
                        refuse(caller, http, model, GrpcErrors.of(failure));
                    }
                }));
    }

    private CompletionStage<InferCalls.Answer> run(
            ModelInferRequest request, RoutingContext http, Consumer<PendingCall> started) {
        try {
            return calls.run(request, http, started);
        } catch (InvalidRequestException | RuntimeException refused) {
            return CompletableFuture.failedFuture(refused);
        }
    }

    @Override
    public StreamObserver<ModelInferRequest> modelStreamInfer(StreamObserver<ModelStreamInferResponse> observer) {
        InferStream stream =
                new InferStream(calls, meters, GrpcCalls.current(), Vertx.currentContext(), (ServerCallStreamObserver<
                                ModelStreamInferResponse>)
                        observer);
        stream.begin();
        return stream;
    }

    /** Answers a call that needs no model to run. */
    private static <A> void answer(StreamObserver<A> caller, Function<RoutingContext, A> answer) {
        RoutingContext http = GrpcCalls.current();
        A message;
        try {
            message = answer.apply(http);
        } catch (RuntimeException failure) {
            refuse(caller, http, "", GrpcErrors.of(failure));
            return;
        }
        ResponseCounter.answers(http, "", OK);
        caller.onNext(message);
        caller.onCompleted();
    }

    private static void refuse(StreamObserver<?> caller, RoutingContext http, String model, ProblemException refusal) {
        ResponseCounter.answers(http, model, refusal.problem().status());
        caller.onError(GrpcErrors.status(refusal));
    }

    private Announcement announced(String model, String version, RoutingContext http) {
        CallCheck.requireAllowed(authentication.tenantOf(http), model);
        Optional<String> asked = InferCalls.version(version);
        return catalogue().find(model, asked).orElseThrow(() -> CallCheck.unknownModel(catalogue(), model, asked));
    }

    private IngressParts parts() {
        return ingress.get().parts();
    }

    private Catalogue catalogue() {
        return parts().catalogue();
    }
}
