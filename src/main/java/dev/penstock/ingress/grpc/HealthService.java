package dev.penstock.ingress.grpc;

import dev.penstock.ingress.Ingress;
import dev.penstock.ingress.IngressStart;
import dev.penstock.ingress.call.GrpcPaths;
import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * gRPC's own health service: whether the server, and thereby the inference service, is ready. Quarkus's says SERVING as soon as it listens.
 */
@GrpcService
public final class HealthService extends HealthGrpc.HealthImplBase {
    private static final long LOOK_MILLIS = 1000;
    private static final Set<String> SERVICES = Set.of("", GrpcPaths.SERVICE);

    private final IngressStart start;
    private final Instance<Ingress> ingress;
    private final Vertx vertx;
    private final Set<ServerCallStreamObserver<HealthCheckResponse>> watchers = ConcurrentHashMap.newKeySet();
    private volatile boolean isLeaving;

    HealthService(IngressStart start, Instance<Ingress> ingress, Vertx vertx) {
        this.start = start;
        this.ingress = ingress;
        this.vertx = vertx;
    }

    @Override
    public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> caller) {
        if (SERVICES.contains(request.getService())) {
            caller.onNext(answer(status()));
            caller.onCompleted();
        } else {
            caller.onError(unknown(request.getService()));
        }
    }

    /** Looks once a second. A stream would keep a server that stops from ending, so it ends then. */
    @Override
    public void watch(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
        ServerCallStreamObserver<HealthCheckResponse> caller = (ServerCallStreamObserver<HealthCheckResponse>) observer;
        caller.setOnCancelHandler(() -> watchers.remove(caller));
        if (!SERVICES.contains(request.getService())) {
            caller.onError(unknown(request.getService()));
            return;
        }
        ServingStatus first = status();
        caller.onNext(answer(first));
        watchers.add(caller);
        look(caller, first);
    }

    private void look(ServerCallStreamObserver<HealthCheckResponse> caller, ServingStatus last) {
        vertx.setTimer(LOOK_MILLIS, due -> {
            if (!watchers.contains(caller)) {
                return;
            }
            ServingStatus now = status();
            if (now != last) {
                caller.onNext(answer(now));
            }
            if (isLeaving) {
                watchers.remove(caller);
                caller.onCompleted();
            } else {
                look(caller, now);
            }
        });
    }

    void leave(@Observes ShutdownDelayInitiatedEvent event) {
        isLeaving = true;
    }

    private ServingStatus status() {
        return !isLeaving && InferenceService.isReady(start, ingress::get)
                ? ServingStatus.SERVING
                : ServingStatus.NOT_SERVING;
    }

    private static StatusRuntimeException unknown(String service) {
        return Status.NOT_FOUND
                .withDescription("service must be empty or " + GrpcPaths.SERVICE + ", was '" + service + "'")
                .asRuntimeException();
    }

    private static HealthCheckResponse answer(ServingStatus status) {
        return HealthCheckResponse.newBuilder().setStatus(status).build();
    }
}
