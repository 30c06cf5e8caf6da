package dev.penstock.ingress.negotiation;

import dev.penstock.protocol.Problem;
import java.util.List;

/**
 * How an error is written. Clients of the protocol read its own form and nothing else, and some fail on any further member. So a problem
 * document goes only to a client that asks for it by name.
 */
public enum ErrorForm {
    /** The protocol's own: an object with the one member {@code error}. */
    V2("application/json") {
        @Override
        public byte[] write(Problem problem) {
            return problem.toV2Json();
        }
    },
    /** A problem document (RFC 9457). */
    PROBLEM(Problem.CONTENT_TYPE) {
        @Override
        public byte[] write(Problem problem) {
            return problem.toJson();
        }
    };

    private static final String JSON = "application/json";

    private final String contentType;

    ErrorForm(String contentType) {
        this.contentType = contentType;
    }

    /**
     * The form that a client asks for. A wildcard asks for no form in particular.
     *
     * @param accept the values of all {@code Accept} headers
     */
    public static ErrorForm of(List<String> accept) {
        if (accept.isEmpty()) {
            return V2;
        }
        Weights weights = Weights.read(accept);
        double problem = weights.of(Problem.CONTENT_TYPE).orElse(0.0);
        return problem > 0 && problem >= weights.of(JSON).orElse(0.0) ? PROBLEM : V2;
    }

    public String contentType() {
        return contentType;
    }

    public abstract byte[] write(Problem problem);
}
