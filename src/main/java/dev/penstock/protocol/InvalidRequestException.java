package dev.penstock.protocol;

/** Input that breaks a rule; says which field breaks which rule, for the eyes of whoever sent it. */
public final class InvalidRequestException extends Exception {
    private static final int MAX_LENGTH = 200;

    private final String field;
    private final String rule;

    /**
     * Both are cut where they grow long, since they may quote what was sent.
     *
     * @param field a path such as {@code inputs[0].shape}, a header's name, or {@code body}
     * @param rule what must hold and what was found, as in {@code must be 1 or more, was 0}
     */
    public InvalidRequestException(String field, String rule) {
        super(clipped(field) + ": " + clipped(rule), null, false, false);
        this.field = clipped(field);
        this.rule = clipped(rule);
    }

    public String field() {
        return field;
    }

    public String rule() {
        return rule;
    }

    private static String clipped(String text) {
        return text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH) + "…";
    }
}
