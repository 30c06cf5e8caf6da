package dev.penstock.local;

import java.util.List;
import java.util.Optional;

/**
 * Where the parts of a started service are.
 *
 * @param http of the ingress, as in {@code http://localhost:8080}; empty for a worker
 * @param management as in {@code http://localhost:9000}
 * @param kafka {@code host:port}
 * @param redis a URL; empty for a worker without one
 */
record Addresses(String roles, Optional<String> http, String management, String kafka, Optional<String> redis) {

    static Addresses of(LocalOptions options, String kafka, Optional<String> redis) {
        return new Addresses(
                options.roles(),
                options.isIngress() ? Optional.of("http://localhost:" + options.port()) : Optional.empty(),
                "http://localhost:" + options.managementPort(),
                kafka,
                redis);
    }

    /** As arguments of a Quarkus application, which takes nothing else. */
    String[] toArguments() {
        return new String[] {roles, http.orElse(""), management, kafka, redis.orElse("")};
    }

    static Addresses ofArguments(String... arguments) {
        List<Optional<String>> given = List.of(arguments).stream()
                .map(argument -> Optional.of(argument).filter(text -> !text.isEmpty()))
                .toList();
        return new Addresses(arguments[0], given.get(1), arguments[2], arguments[3], given.get(4));
    }
}
