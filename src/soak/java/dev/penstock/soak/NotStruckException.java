package dev.penstock.soak;

/** A fault has no proof that it struck, so the run proves nothing of it. */
final class NotStruckException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NotStruckException(String missing) {
        super(missing);
    }

    /** @throws NotStruckException unless the proof holds */
    static void unless(boolean holds, String proof) {
        if (!holds) {
            throw new NotStruckException("did not happen: " + proof);
        }
    }
}
