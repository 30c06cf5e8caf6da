package dev.penstock.protocol;

/** An invalid request. Names the field and the rule that it breaks; both are shown to the client. */
public final class InvalidRequestException extends Exception {
    private static final int MAX_LENGTH = 200;

    private final String field;
    private final String rule;

    /**
     * Field and rule may quote client input, so each is cut after {@value #MAX_LENGTH} characters.
     *
     * @param field a path such as {@code inputs[0].shape}, a header's name, or {@code body}
     * @param rule the rule and the value found, as in {@code must be 1 or more, was 0}
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
        // An unpaired surrogate cannot be encoded as UTF-8.
        int end = Character.isHighSurrogate(text.charAt(MAX_LENGTH - 1)) ? MAX_LENGTH - 1 : MAX_LENGTH;
        return text.substring(0, end) + "…";
    }
}
