package dev.penstock.kubernetes;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A rule of the policy.
 *
 * @param name what must hold, as a sentence
 * @param violations the objects for which it does not hold, each with what is wrong
 */
record Rule(String name, Function<Manifests, Stream<String>> violations) {
    /** The whole policy. */
    static List<Rule> all() {
        return Stream.of(ContainerRules.ALL, PodRules.ALL, NetworkRules.ALL, ObjectRules.ALL)
                .flatMap(List::stream)
                .toList();
    }

    @Override
    public String toString() {
        return name;
    }
}
