package dev.penstock.protocol;

/** Input that breaks a rule; says which field breaks which rule, for the eyes of whoever sent it. */
public final class InvalidRequestException extends Exception {
    private final String field;
    private final String rule;

    /**
     * @param field a path such as {@code inputs[0].shape}, a header's name, or {@code body}
     * @param rule what must hold and what was found, as in {@code must be 1 or more, was 0}
     */
    public InvalidRequestException(String field, String rule) {
        super(field + ": " + rule, null, false, false);
        this.field = field;
        this.rule = rule;
    }

    public String field() {
        return field;
    }

    public String rule() {
        return rule;
    }
}
