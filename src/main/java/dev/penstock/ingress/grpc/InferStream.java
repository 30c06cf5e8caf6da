package dev.penstock.ingress.grpc;

import dev.penstock.ingress.ResponseMeters;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.submit.SynchronousCalls.PendingCall;
import dev.penstock.protocol.InvalidRequestException;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferResponse;
import inference.GrpcService.ModelStreamInferResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.vertx.core.Context;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A stream of inference requests, each answered by itself and as soon as it is done, as Triton answers them: a request that fails has an
 * {@code error_message}, and the stream goes on. It takes more requests only while few are open, and while the caller reads the answers.
 * Confined to the event loop of its connection.
 */
final class InferStream implements StreamObserver<ModelInferRequest> {
    private static final int MOST_OPEN = 64;
    private static final int OK = 200;

    private final InferCalls calls;
    private final ResponseMeters meters;
    private final RoutingContext http;
    private final Context loop;
    private final ServerCallStreamObserver<ModelStreamInferResponse> caller;

    /** Calls that must hear that the caller is gone. */
    private final List<PendingCall> open = new ArrayList<>();

    private int unanswered;
    /** Answers after which no further request was asked for, since the caller did not read. */
    private int unread;

    private boolean isEnded;

    /** @param loop of the connection */
    InferStream(
            InferCalls calls,
            ResponseMeters meters,
            RoutingContext http,
            Context loop,
            ServerCallStreamObserver<ModelStreamInferResponse> caller) {
        this.calls = calls;
        this.meters = meters;
        this.http = http;
        this.loop = loop;
        this.caller = caller;
    }

    /** Must be called before the service returns the stream. */
    void begin() {
        caller.disableAutoRequest();
        caller.setOnReadyHandler(this::goOn);
        caller.setOnCancelHandler(this::gone);
        http.addEndHandler(ended -> {
            if (ended.failed()) {
                gone();
            }
        });
        caller.request(MOST_OPEN);
    }

    @Override
    public void onNext(ModelInferRequest request) {
        unanswered++;
        One one = new One(request);
        one.start().whenComplete((answer, failure) -> loop.runOnContext(on -> one.settle(answer, failure)));
    }

    @Override
    public void onError(Throwable broken) {
        gone();
    }

    @Override
    public void onCompleted() {
        isEnded = true;
        endIfDone();
    }

    /** One request of the stream. */
    private final class One {
        private final ModelInferRequest request;
        private Optional<PendingCall> call = Optional.empty();

        private One(ModelInferRequest request) {
            this.request = request;
        }

        private CompletionStage<InferCalls.Answer> start() {
            try {
                return calls.run(request, http, this::follow);
            } catch (InvalidRequestException | RuntimeException refused) {
                return CompletableFuture.failedFuture(refused);
            }
        }

        /** The quota may have been decided elsewhere. */
        private void follow(PendingCall started) {
            loop.runOnContext(on -> {
                if (isGone()) {
                    started.callerDisconnected();
                } else {
                    call = Optional.of(started);
                    open.add(started);
                }
            });
        }

        private void settle(InferCalls.Answer answer, Throwable failure) {
            unanswered--;
            if (isGone()) {
                return;
            }
            call.ifPresent(started -> {
                open.remove(started);
                started.answered();
            });
            if (failure == null) {
                send(OK, ModelStreamInferResponse.newBuilder().setInferResponse(answer.message()));
            } else {
                ProblemException refusal = GrpcErrors.of(failure);
                send(refusal.problem().status(), failed(refusal));
            }
            unread++;
            goOn();
            endIfDone();
        }

        private void send(int status, ModelStreamInferResponse.Builder answer) {
            meters.answered(request.getModelName(), status);
            caller.onNext(answer.build());
        }

        /** The id shows the caller which of its requests failed. */
        private ModelStreamInferResponse.Builder failed(ProblemException refusal) {
            return ModelStreamInferResponse.newBuilder()
                    .setErrorMessage(refusal.problem().detail())
                    .setInferResponse(ModelInferResponse.newBuilder()
                            .setId(request.getId())
                            .setModelName(request.getModelName())
                            .setModelVersion(request.getModelVersion()));
        }
    }

    private void goOn() {
        if (unread > 0 && caller.isReady() && !isEnded) {
            caller.request(unread);
            unread = 0;
        }
    }

    private void endIfDone() {
        if (isEnded && unanswered == 0 && !isGone()) {
            caller.onCompleted();
        }
    }

    private boolean isGone() {
        return caller.isCancelled() || http.response().closed();
    }

    private void gone() {
        open.forEach(PendingCall::callerDisconnected);
        open.clear();
    }
}
