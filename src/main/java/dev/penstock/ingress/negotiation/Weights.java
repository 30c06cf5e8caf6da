package dev.penstock.ingress.negotiation;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a client accepts, from a header such as {@code Accept} (RFC 9110, section 12.4.2): names with a weight from 0 to 1. 0 means not at
 * all.
 */
final class Weights {
    private static final double STANDARD = 1;

    private final Map<String, Double> byName = new HashMap<>();

    private Weights() {}

    /** Reads all values of a header. Parameters other than the weight are ignored. */
    static Weights read(List<String> headers) {
        Weights weights = new Weights();
        for (String header : headers) {
            for (String entry : header.split(",", -1)) {
                String[] parts = entry.split(";", -1);
                weights.byName.put(parts[0].strip().toLowerCase(Locale.ROOT), weight(parts));
            }
        }
        return weights;
    }

    /** Empty if the client does not name it. */
    Optional<Double> of(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    private static double weight(String[] parts) {
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip();
            if (parameter.regionMatches(true, 0, "q=", 0, 2)) {
                try {
                    return Math.clamp(Double.parseDouble(parameter.substring(2)), 0, 1);
                } catch (NumberFormatException broken) {
                    return STANDARD;
                }
            }
        }
        return STANDARD;
    }
}
