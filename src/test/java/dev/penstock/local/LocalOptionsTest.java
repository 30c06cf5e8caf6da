package dev.penstock.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.penstock.cli.Penstock;
import dev.penstock.cli.command.KafkaCommand;
import dev.penstock.cli.command.UpCommand;
import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LocalOptionsTest {

    @Test
    void upStartsBothRolesWithBrokerAndRedisOnTheUsualPorts() {
        LocalOptions options = up("up");

        assertThat(options.roles()).isEqualTo("ingress,worker");
        assertThat(options.port()).isEqualTo(8080);
        assertThat(options.managementPort()).isEqualTo(9000);
        assertThat(options.parts().kafkaPort()).hasValue(9092);
        assertThat(options.parts().redisPort()).hasValue(6379);
        assertThat(options.parts().dataDir()).isEmpty();
        assertThat(options.models()).isEmpty();
        assertThat(options.isTraining()).isFalse();
    }

    @Test
    void trainsWhereItIsAskedTo() {
        assertThat(up("up --train").isTraining()).isTrue();
    }

    @Test
    void startsNothingThatIsGivenFromOutside() {
        LocalStack.Parts parts =
                up("up --kafka broker:9092 --redis redis://cache:6379").parts();

        assertThat(parts.kafkaPort()).isEmpty();
        assertThat(parts.redisPort()).isEmpty();
    }

    @Test
    void aWorkerNeedsNoRedis() {
        LocalStack.Parts parts = up("up --role worker --kafka broker:9092").parts();

        assertThat(parts.redisPort()).isEqualTo(OptionalInt.empty());
    }

    @Test
    void takesPortsAndFolders() {
        LocalOptions options = up("up --kafka-port 19092 --redis-port 16379 --data-dir log --models shelf");

        assertThat(options.parts().kafkaPort()).hasValue(19092);
        assertThat(options.parts().redisPort()).hasValue(16379);
        assertThat(options.parts().dataDir()).hasValue(Path.of("log"));
        assertThat(options.models()).hasValue(Path.of("shelf"));
    }

    @Test
    void anEdgeServesTheModelsOfItsCentreUnlessItHasAFolder() {
        LocalOptions edge = up("up --centre https://centre.example/ --centre-key-file key --region lyon");
        assertThat(edge.servesFolder()).isFalse();
        assertThat(edge.centre().orElseThrow().url()).hasToString("https://centre.example");
        assertThat(edge.centre().orElseThrow().keyFile()).hasValue(Path.of("key"));
        assertThat(edge.region()).hasValue("lyon");
        assertThat(up("up --centre https://centre.example --models shelf").servesFolder())
                .isTrue();
        assertThat(up("up").servesFolder()).isTrue();
    }

    @Test
    void saysWhatIsWrongWithACentre() {
        assertThatExceptionOfType(CannotStartException.class)
                .isThrownBy(() -> up("up --centre ftp://centre"))
                .withMessageContaining("--centre must be http://host or https://host");
        assertThatExceptionOfType(CannotStartException.class)
                .isThrownBy(() -> up("up --centre-key-file key"))
                .withMessageContaining("--centre-key-file needs --centre");
    }

    @Test
    void kafkaStartsBrokerAndRedis() {
        LocalStack.Parts usual = LocalOptions.parts((KafkaCommand) command("kafka"));
        LocalStack.Parts parts = LocalOptions.parts(
                (KafkaCommand) command("kafka --kafka-port 19092 --redis-port 16379 --data-dir log"));

        assertThat(usual.kafkaPort()).hasValue(9092);
        assertThat(usual.redisPort()).hasValue(6379);
        assertThat(parts.kafkaPort()).hasValue(19092);
        assertThat(parts.redisPort()).hasValue(16379);
        assertThat(parts.dataDir()).hasValue(Path.of("log"));
    }

    private static LocalOptions up(String line) {
        return LocalOptions.of((UpCommand) command(line));
    }

    private static Object command(String line) {
        AtomicReference<@Nullable Object> command = new AtomicReference<>();
        int exitCode = Penstock.run(
                each -> {
                    command.set(each);
                    return 0;
                },
                line.split(" "));
        assertThat(exitCode).isZero();
        return Objects.requireNonNull(command.get());
    }
}
