package dev.penstock.features.cache;

import java.util.concurrent.CompletionException;

/** Shortens a failure to one message of at most 200 characters. */
final class FailureReason {
    private static final int MAX_LENGTH = 200;

    private FailureReason() {}

    static String of(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        String text = message == null ? cause.getClass().getSimpleName() : message;
        return text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH) + "…";
    }
}
