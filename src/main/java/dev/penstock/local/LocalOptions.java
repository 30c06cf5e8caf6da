package dev.penstock.local;

import dev.penstock.cli.command.KafkaCommand;
import dev.penstock.cli.command.UpCommand;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The process that the command line asks for.
 *
 * @param kafka a broker to use instead of the embedded one, {@code host:port}
 * @param redis the URL of a Redis to use instead of the embedded one
 * @param isTraining whether it ends once it is warm
 */
record LocalOptions(
        Role role,
        Optional<String> kafka,
        Optional<String> redis,
        int port,
        int managementPort,
        int kafkaPort,
        int redisPort,
        Optional<Path> dataDir,
        Optional<Path> models,
        Optional<Centre> centre,
        Optional<String> region,
        boolean isTraining) {

    /** A centre that runs models of this edge. */
    record Centre(URI url, Optional<Path> keyFile) {}

    enum Role {
        INGRESS,
        WORKER,
        BOTH
    }

    static LocalOptions of(UpCommand command) {
        return new LocalOptions(
                Role.valueOf(command.role().toUpperCase(Locale.ROOT)),
                command.kafka(),
                command.redis(),
                command.port(),
                command.managementPort(),
                command.kafkaPort(),
                command.redisPort(),
                command.dataDir(),
                command.models(),
                centre(command),
                command.region(),
                command.isTraining());
    }

    private static Optional<Centre> centre(UpCommand command) {
        if (command.centre().isEmpty()) {
            if (command.centreKeyFile().isPresent()) {
                throw new CannotStartException("--centre-key-file needs --centre");
            }
            return Optional.empty();
        }
        String url = command.centre().get().toString().replaceAll("/+$", "");
        if (!url.matches("https?://[^\\s?#@']{1,200}")) {
            throw new CannotStartException(
                    "--centre must be http://host or https://host, without user, query or fragment, was " + url);
        }
        return Optional.of(new Centre(URI.create(url), command.centreKeyFile()));
    }

    /** Both parts, always embedded. */
    static LocalStack.Parts parts(KafkaCommand command) {
        return new LocalStack.Parts(
                OptionalInt.of(command.kafkaPort()), OptionalInt.of(command.redisPort()), command.dataDir());
    }

    /** The embedded parts that are needed here and not given from outside. A worker needs no Redis. */
    LocalStack.Parts parts() {
        boolean embedsKafka = kafka.isEmpty();
        boolean embedsRedis = redis.isEmpty() && isIngress();
        return new LocalStack.Parts(
                embedsKafka ? OptionalInt.of(kafkaPort) : OptionalInt.empty(),
                embedsRedis ? OptionalInt.of(redisPort) : OptionalInt.empty(),
                dataDir);
    }

    /** Whether the models are those of a folder, and not those of a centre. */
    boolean servesFolder() {
        return models.isPresent() || centre.isEmpty();
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
}
