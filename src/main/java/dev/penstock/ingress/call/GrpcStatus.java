package dev.penstock.ingress.call;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.protocol.Problem;

/** The status of a gRPC call that ends with a problem: as Triton maps its own errors, and as gRPC maps statuses of HTTP. */
public final class GrpcStatus {
    public static final String CONTENT_TYPE = "application/grpc";

    private static final int CANCELLED = 1;
    private static final int INVALID_ARGUMENT = 3;
    private static final int DEADLINE_EXCEEDED = 4;
    private static final int NOT_FOUND = 5;
    private static final int PERMISSION_DENIED = 7;
    private static final int RESOURCE_EXHAUSTED = 8;
    private static final int FAILED_PRECONDITION = 9;
    private static final int UNIMPLEMENTED = 12;
    private static final int INTERNAL = 13;
    private static final int UNAVAILABLE = 14;
    private static final int UNAUTHENTICATED = 16;

    private GrpcStatus() {}

    /** The number of the status. RESOURCE_EXHAUSTED means a quota: what is too large is INVALID_ARGUMENT, since no retry helps. */
    public static int of(Problem problem) {
        return switch (problem.status()) {
            case 401 -> UNAUTHENTICATED;
            case 403 -> PERMISSION_DENIED;
            case 404, 410 -> NOT_FOUND;
            case 405, 501 -> UNIMPLEMENTED;
            case 408, 504 -> DEADLINE_EXCEEDED;
            case 409 -> problem.is(Problem.Kind.CANCELLED) ? CANCELLED : FAILED_PRECONDITION;
            case 422 -> FAILED_PRECONDITION;
            case 429 -> RESOURCE_EXHAUSTED;
            case 503 -> UNAVAILABLE;
            default -> problem.status() < 500 ? INVALID_ARGUMENT : INTERNAL;
        };
    }

    /** The text as the value of {@code grpc-message}: UTF-8, percent-encoded. */
    public static String message(String text) {
        StringBuilder encoded = new StringBuilder(text.length());
        for (byte b : text.getBytes(UTF_8)) {
            if (b >= ' ' && b <= '~' && b != '%') {
                encoded.append((char) b);
            } else {
                encoded.append('%')
                        .append(Character.toUpperCase(Character.forDigit((b >> 4) & 0xf, 16)))
                        .append(Character.toUpperCase(Character.forDigit(b & 0xf, 16)));
            }
        }
        return encoded.toString();
    }
}
