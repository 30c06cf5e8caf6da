package dev.penstock.ingress.grpc;

import dev.penstock.ingress.call.GrpcStatus;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import dev.penstock.threads.LimitedLog;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import org.jboss.logging.Logger;

/** Maps every failure to a status of gRPC. What headers of HTTP say beside the status is in the trailers. */
final class GrpcErrors {
    private static final LimitedLog BUGS = new LimitedLog(Logger.getLogger(GrpcErrors.class));
    private static final Metadata.Key<String> RETRY_AFTER = key("retry-after");

    private GrpcErrors() {}

    /** The failure as the end of a call. A bug is logged, and its cause is not told. */
    static ProblemException of(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return switch (cause) {
            case ProblemException refusal -> refusal;
            case InvalidRequestException invalid -> new ProblemException(Problem.of(invalid));
            default -> {
                BUGS.bug(cause, "A call over gRPC failed because of a bug");
                yield new ProblemException(
                        Problem.of(Problem.Kind.INTERNAL, "the service failed on this call; its log has the cause"));
            }
        };
    }

    static StatusRuntimeException status(ProblemException refusal) {
        Metadata trailers = new Metadata();
        refusal.retryAfterSeconds().ifPresent(seconds -> trailers.put(RETRY_AFTER, Integer.toString(seconds)));
        refusal.headers().forEach((name, value) -> trailers.put(key(name), value));
        return Status.fromCodeValue(GrpcStatus.of(refusal.problem()))
                .withDescription(refusal.problem().detail())
                .asRuntimeException(trailers);
    }

    private static Metadata.Key<String> key(String header) {
        return Metadata.Key.of(header.toLowerCase(Locale.ROOT), Metadata.ASCII_STRING_MARSHALLER);
    }
}
