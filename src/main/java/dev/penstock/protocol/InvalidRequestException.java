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
        if (text.length() <= MAX_LENGTH) {
            return text;
        }
        // Half a surrogate pair could not be written as UTF-8.
        int end = Character.isHighSurrogate(text.charAt(MAX_LENGTH - 1)) ? MAX_LENGTH - 1 : MAX_LENGTH;
        return text.substring(0, end) + "…";
    }
}
