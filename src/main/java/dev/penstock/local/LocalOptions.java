package dev.penstock.local;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the command line asks for.
 *
 * @param kafka a broker to use instead of the embedded one, {@code host:port}
 * @param redis the URL of a Redis to use instead of the embedded one
 */
record LocalOptions(
        Command command,
        Role role,
        Optional<String> kafka,
        Optional<String> redis,
        int port,
        int managementPort,
        int kafkaPort,
        int redisPort,
        Optional<Path> dataDir,
        Optional<Path> models) {

    enum Command {
        UP,
        KAFKA
    }

    enum Role {
        INGRESS,
        WORKER,
        BOTH
    }

    private static final List<String> FLAGS = List.of(
            "--role",
            "--kafka",
            "--redis",
            "--port",
            "--management-port",
            "--kafka-port",
            "--redis-port",
            "--data-dir",
            "--models");

    static LocalOptions parse(List<String> arguments) {
        if (arguments.isEmpty()) {
            throw new CannotStartException("say what to start: up or kafka");
        }
        Command command = oneOf(Command.values(), "the command", arguments.get(0));
        Map<String, String> flags = flags(arguments.subList(1, arguments.size()));
        return new LocalOptions(
                command,
                oneOf(Role.values(), "--role", flags.getOrDefault("--role", "both")),
                Optional.ofNullable(flags.get("--kafka")),
                Optional.ofNullable(flags.get("--redis")),
                port(flags, "--port", 8080),
                port(flags, "--management-port", 9000),
                port(flags, "--kafka-port", 9092),
                port(flags, "--redis-port", 6379),
                Optional.ofNullable(flags.get("--data-dir")).map(Path::of),
                Optional.ofNullable(flags.get("--models")).map(Path::of));
    }

    /** The embedded parts that are needed here and not given from outside. A worker needs no Redis. */
    LocalStack.Parts parts() {
        boolean embedsKafka = kafka.isEmpty();
        boolean embedsRedis = redis.isEmpty() && (command == Command.KAFKA || isIngress());
        return new LocalStack.Parts(
                embedsKafka ? OptionalInt.of(kafkaPort) : OptionalInt.empty(),
                embedsRedis ? OptionalInt.of(redisPort) : OptionalInt.empty(),
                dataDir);
    }

    boolean isIngress() {
        return role != Role.WORKER;
    }

    /** As {@code penstock.roles} wants it. */
    String roles() {
        return switch (role) {
            case INGRESS -> "ingress";
            case WORKER -> "worker";
            case BOTH -> "ingress,worker";
        };
    }

    private static Map<String, String> flags(List<String> arguments) {
        Map<String, String> flags = new HashMap<>();
        for (int i = 0; i < arguments.size(); i += 2) {
            String flag = arguments.get(i);
            if (!FLAGS.contains(flag)) {
                throw new CannotStartException("%s is none of %s".formatted(flag, String.join(" ", FLAGS)));
            }
            if (i + 1 == arguments.size()) {
                throw new CannotStartException("%s needs a value".formatted(flag));
            }
            flags.put(flag, arguments.get(i + 1));
        }
        return flags;
    }

    private static <E extends Enum<E>> E oneOf(E[] choices, String name, String given) {
        List<String> names = List.of(choices).stream()
                .map(choice -> choice.name().toLowerCase(Locale.ROOT))
                .toList();
        int choice = names.indexOf(given);
        if (choice < 0) {
            throw new CannotStartException("%s must be %s, was %s".formatted(name, String.join(" or ", names), given));
        }
        return choices[choice];
    }

    private static int port(Map<String, String> flags, String flag, int standard) {
        String given = flags.getOrDefault(flag, String.valueOf(standard));
        // At most five digits: no overflow.
        int port = given.matches("\\d{1,5}") ? Integer.parseInt(given) : -1;
        if (port < 1 || port > 65_535) {
            throw new CannotStartException("%s must be in 1..65535, was %s".formatted(flag, given));
        }
        return port;
    }
}
