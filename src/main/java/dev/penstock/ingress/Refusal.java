package dev.penstock.ingress;

import dev.penstock.protocol.Problem;
import java.util.Map;
import java.util.OptionalInt;

/** A call that ends in a problem document. Without a stack trace: it is an answer, not a bug. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Problem problem;
    private final int retryAfterSeconds;
    private final transient Map<String, String> headers;

    Refusal(Problem problem) {
        this(problem, 0);
    }

    /** @param retryAfterSeconds when to come back; 0 says nothing */
    Refusal(Problem problem, int retryAfterSeconds) {
        this(problem, retryAfterSeconds, Map.of());
    }

    /** @param headers more of them, for the response */
    Refusal(Problem problem, int retryAfterSeconds, Map<String, String> headers) {
        super(problem.detail(), null, false, false);
        this.headers = Map.copyOf(headers);
        this.problem = problem;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    Map<String, String> headers() {
        return headers;
    }

    Problem problem() {
        return problem;
    }

    OptionalInt retryAfterSeconds() {
        return retryAfterSeconds > 0 ? OptionalInt.of(retryAfterSeconds) : OptionalInt.empty();
    }
}
