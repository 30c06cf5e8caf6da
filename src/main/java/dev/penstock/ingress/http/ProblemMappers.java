package dev.penstock.ingress.http;

import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.negotiation.ErrorForm;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Problem;
import dev.penstock.threads.LimitedLog;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Writes every error in the form that the client asks for. */
public final class ProblemMappers {
    private static final int FIRST_ERROR = 400;
    private static final LimitedLog BUGS = new LimitedLog(Logger.getLogger(ProblemMappers.class));

    @ServerExceptionMapper
    public Response refused(ProblemException refusal, HttpHeaders headers) {
        return response(refusal, headers);
    }

    @ServerExceptionMapper
    public Response invalid(InvalidRequestException invalid, HttpHeaders headers) {
        return response(refusal(invalid), headers);
    }

    /** Maps errors that JAX-RS finds, such as an unknown path or a wrong method. */
    @ServerExceptionMapper
    public Response forbidden(WebApplicationException http, HttpHeaders headers) {
        int status = http.getResponse().getStatus();
        return status < FIRST_ERROR ? http.getResponse() : response(new ProblemException(of(status)), headers);
    }

    @ServerExceptionMapper
    public Response anything(Throwable failure, HttpHeaders headers) {
        return cause(failure) instanceof WebApplicationException http
                ? forbidden(http, headers)
                : response(refusal(failure), headers);
    }

    /** What a call that failed is answered. A failure that is nobody's refusal is a bug, and is logged. */
    static ProblemException refusal(Throwable failure) {
        Throwable cause = cause(failure);
        return switch (cause) {
            case ProblemException refusal -> refusal;
            case InvalidRequestException invalid -> new ProblemException(Problem.of(invalid));
            default -> {
                BUGS.bug(cause, "A call failed because of a bug");
                yield new ProblemException(
                        Problem.of(Problem.Kind.INTERNAL, "the service failed on this call; its log has the cause"));
            }
        };
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private static Response response(ProblemException refusal, HttpHeaders headers) {
        return HttpAnswer.refusal(refusal, form(headers)).toResponse();
    }

    private static ErrorForm form(HttpHeaders headers) {
        return ErrorForm.of(headers.getRequestHeader(HttpHeaders.ACCEPT));
    }

    /** The problem of a call that has that status of an error. */
    static Problem of(int status) {
        String detail = detail(status);
        for (Problem.Kind kind : Problem.Kind.values()) {
            if (kind.status() == status) {
                return Problem.of(kind, detail);
            }
        }
        Response.Status known = Response.Status.fromStatusCode(status);
        return new Problem(
                "about:blank", known == null ? "HTTP " + status : known.getReasonPhrase(), status, detail, Map.of());
    }

    /** The framework's own words would say more about it than about the call. */
    private static String detail(int status) {
        return switch (status) {
            case 404 -> "there is nothing at this address";
            case 405 -> "this address does not take this method; the header Allow lists those that it takes";
            case 406 -> "the answer has no form that Accept allows";
            case 415 -> "the body has a Content-Type that this address does not take";
            default -> "the call was not understood";
        };
    }
}
