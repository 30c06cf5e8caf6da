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
        Response.ResponseBuilder response = HttpResponses.problem(refusal.problem(), form(headers));
        refusal.retryAfterSeconds().ifPresent(seconds -> response.header(HttpHeaders.RETRY_AFTER, seconds));
        refusal.headers().forEach(response::header);
        return response.build();
    }

    @ServerExceptionMapper
    public Response invalid(InvalidRequestException invalid, HttpHeaders headers) {
        return HttpResponses.problem(Problem.of(invalid), form(headers)).build();
    }

    /** Maps errors that JAX-RS finds, such as an unknown path or a wrong method. */
    @ServerExceptionMapper
    public Response forbidden(WebApplicationException http, HttpHeaders headers) {
        int status = http.getResponse().getStatus();
        return status < FIRST_ERROR
                ? http.getResponse()
                : HttpResponses.problem(of(status), form(headers)).build();
    }

    @ServerExceptionMapper
    public Response anything(Throwable failure, HttpHeaders headers) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return switch (cause) {
            case ProblemException refusal -> refused(refusal, headers);
            case InvalidRequestException invalid -> invalid(invalid, headers);
            case WebApplicationException http -> forbidden(http, headers);
            default -> {
                BUGS.bug(cause, "A call failed because of a bug");
                yield HttpResponses.problem(
                                Problem.of(
                                        Problem.Kind.INTERNAL,
                                        "the service failed on this call; its log has the cause"),
                                form(headers))
                        .build();
            }
        };
    }

    private static ErrorForm form(HttpHeaders headers) {
        return ErrorForm.of(headers.getRequestHeader(HttpHeaders.ACCEPT));
    }

    private static Problem of(int status) {
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
