package dev.penstock.threads;

import org.jspecify.annotations.Nullable;

/** What may be logged of an exception while the content of a request was handled: its class and its stack trace. Its message may quote the request. */
public final class Unquoted extends Exception {
    private static final int MOST_CAUSES = 10;

    private Unquoted(Throwable quoting, @Nullable Unquoted cause) {
        super(quoting.getClass().getName(), cause);
        setStackTrace(quoting.getStackTrace());
    }

    public static Unquoted of(Throwable quoting) {
        return of(quoting, 0);
    }

    private static Unquoted of(Throwable quoting, int depth) {
        Throwable cause = quoting.getCause();
        return new Unquoted(quoting, cause == null || depth == MOST_CAUSES ? null : of(cause, depth + 1));
    }

    @Override
    @SuppressWarnings("OverrideThrowableToString") // without the name of this class
    public String toString() {
        return String.valueOf(getMessage());
    }
}
