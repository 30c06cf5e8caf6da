package dev.penstock.ingress.call;

import dev.penstock.protocol.Problem;
import java.util.Map;
import java.util.OptionalInt;

/** Ends a call with a problem document. It has no stack trace, since it is an answer and not a bug. */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Problem problem;
    private final int retryAfterSeconds;
    private final transient Map<String, String> headers;
    private final boolean leavesDoubt;

    public ProblemException(Problem problem) {
        this(problem, 0);
    }

    /** @param retryAfterSeconds when to retry; 0 for no advice */
    public ProblemException(Problem problem, int retryAfterSeconds) {
        this(problem, retryAfterSeconds, Map.of());
    }

    /** @param headers additional headers of the response */
    public ProblemException(Problem problem, int retryAfterSeconds, Map<String, String> headers) {
        this(problem, retryAfterSeconds, headers, false);
    }

    private ProblemException(Problem problem, int retryAfterSeconds, Map<String, String> headers, boolean leavesDoubt) {
        super(problem.detail(), null, false, false);
        this.leavesDoubt = leavesDoubt;
        this.headers = Map.copyOf(headers);
        this.problem = problem;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    /** Ends a call whose request may have been accepted nevertheless. */
    public static ProblemException inDoubt(Problem problem, int retryAfterSeconds) {
        return new ProblemException(problem, retryAfterSeconds, Map.of(), true);
    }

    /** Whether the request may have been accepted nevertheless. */
    public boolean leavesDoubt() {
        return leavesDoubt;
    }

    public Map<String, String> headers() {
        return headers;
    }

    public Problem problem() {
        return problem;
    }

    public OptionalInt retryAfterSeconds() {
        return retryAfterSeconds > 0 ? OptionalInt.of(retryAfterSeconds) : OptionalInt.empty();
    }
}
