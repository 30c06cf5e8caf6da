package dev.penstock.ingress;

import java.util.Set;

/**
 * The origins whose pages may read answers.
 *
 * @param origins such as {@code https://app.example.com}; {@code *} stands for all
 */
public record AllowedOrigins(Set<String> origins) {
    private static final String ALL = "*";

    public boolean areNone() {
        return origins.isEmpty();
    }

    public boolean areAll() {
        return origins.contains(ALL);
    }

    public boolean include(String origin) {
        return areAll() || origins.contains(origin);
    }
}
