package dev.penstock.local;

import dev.penstock.cli.command.KafkaCommand;
import dev.penstock.cli.command.UpCommand;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The process that the command line asks for.
 *
 * @param kafka a broker to use instead of the embedded one, {@code host:port}
 * @param redis the URL of a Redis to use instead of the embedded one
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
        Optional<Path> models) {

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
                command.models());
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
