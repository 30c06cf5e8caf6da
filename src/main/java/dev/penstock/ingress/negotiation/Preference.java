package dev.penstock.ingress.negotiation;

import dev.penstock.protocol.InvalidRequestException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * The preferences of a client (RFC 7240).
 *
 * @param respondAsync {@code respond-async}: the client accepts an id to poll
 * @param patience {@code wait=N}: how long the client waits for the outcome; zero when absent
 */
public record Preference(boolean respondAsync, Duration patience) {
    static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

    /**
     * Reads the values of all {@code Prefer} headers. Unknown preferences are ignored, as the RFC requires; longer waits are cut to
     * {@link #LONGEST_WAIT}.
     */
    public static Preference parse(List<String> headers) throws InvalidRequestException {
        boolean respondAsync = false;
        Duration patience = Duration.ZERO;
        for (String header : headers) {
            for (String preference : header.split(",", -1)) {
                String name = preference.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
                if (name.equals("respond-async")) {
                    respondAsync = true;
                } else if (name.startsWith("wait")) {
                    String[] parts = name.split("=", 2);
                    if (parts[0].strip().equals("wait")) {
                        patience = seconds(parts.length == 2 ? parts[1].strip() : "");
                    }
                }
            }
        }
        return new Preference(respondAsync, patience);
    }

    private static Duration seconds(String text) throws InvalidRequestException {
        String digits = text.length() > 2 && text.startsWith("\"") && text.endsWith("\"")
                ? text.substring(1, text.length() - 1)
                : text;
        if (digits.isEmpty() || digits.length() > 9 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new InvalidRequestException("Prefer", "wait must be a whole number of seconds, was '" + text + "'");
        }
        Duration wait = Duration.ofSeconds(Integer.parseInt(digits));
        return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
    }
}
