package dev.penstock.bench;

import java.net.URI;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The options of a command line, {@code --name value}. Every mistake is told with the option's name and rule. */
final class Options {
    private final Map<String, String> given;

    private Options(Map<String, String> given) {
        this.given = given;
    }

    static Options parse(List<String> arguments, List<String> known) {
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < arguments.size(); i += 2) {
            String name = arguments.get(i);
            require(known.contains(name), "option must be one of " + String.join(" ", known), name);
            require(i + 1 < arguments.size(), name + " must have a value", "none");
            given.put(name, arguments.get(i + 1));
        }
        return new Options(given);
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(given.get(name));
    }

    Optional<URI> uri(String name) {
        return text(name).map(value -> {
            require(value.matches("http://[^/:]+:\\d{1,5}"), name + " must be http://HOST:PORT", value);
            return URI.create(value);
        });
    }

    int integer(String name, int standard, int min, int max) {
        return text(name).map(value -> integer(name, value, min, max)).orElse(standard);
    }

    List<Integer> integers(String name, List<Integer> standard, int min, int max) {
        return text(name)
                .map(values -> Arrays.stream(values.split(",", -1))
                        .map(value -> integer(name, value, min, max))
                        .toList())
                .orElse(standard);
    }

    String word(String name, String standard, List<String> allowed) {
        return text(name).map(value -> allowed(name, value, allowed)).orElse(standard);
    }

    List<String> words(String name, List<String> standard, List<String> allowed) {
        return text(name)
                .map(values -> Arrays.stream(values.split(",", -1))
                        .map(value -> allowed(name, value, allowed))
                        .toList())
                .orElse(standard);
    }

    private static String allowed(String name, String value, List<String> allowed) {
        require(allowed.contains(value), name + " must be of " + String.join(", ", allowed), value);
        return value;
    }

    private static int integer(String name, String value, int min, int max) {
        boolean holds = value.matches("\\d{1,9}") && Integer.parseInt(value) >= min && Integer.parseInt(value) <= max;
        require(holds, name + " must be in " + min + ".." + max, value);
        return Integer.parseInt(value);
    }

    private static void require(boolean holds, String rule, String was) {
        if (!holds) {
            throw new IllegalArgumentException(rule + ", was " + was);
        }
    }
}
