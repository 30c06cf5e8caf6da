package dev.penstock.ledger.drive;

/** An answer or a reply does not have the form of the contract. */
final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1;
    private static final int MAX_SHOWN = 200;

    UnreadableException(String message) {
        super(message, null, false, false);
    }

    static String shortened(Object text) {
        String all = String.valueOf(text);
        return all.length() <= MAX_SHOWN ? all : all.substring(0, MAX_SHOWN) + "…";
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
