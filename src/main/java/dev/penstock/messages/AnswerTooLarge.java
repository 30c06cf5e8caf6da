package dev.penstock.messages;

import dev.penstock.protocol.Problem;

/** The problem of an answer that is larger than one may be. */
public final class AnswerTooLarge {
    private AnswerTooLarge() {}

    /**
     * @param size of the answer, such as "at least 40" bytes
     * @param limit in bytes
     * @param isJson whether an output was asked for as JSON
     */
    public static Problem problem(String size, int limit, boolean isJson) {
        return Problem.of(
                Problem.Kind.PAYLOAD_TOO_LARGE,
                "the answer must have at most " + limit + " bytes (penstock.max-request-bytes), has " + size + "; "
                        + advice(isJson));
    }

    public static String advice(boolean isJson) {
        return "ask for fewer rows or outputs"
                + (isJson ? ", or for the shorter binary form (\"binary_data_output\": true)" : "");
    }
}
