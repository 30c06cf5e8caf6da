package dev.penstock.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalOptionsTest {

    @Test
    void upStartsBothRolesWithBrokerAndRedisOnTheUsualPorts() {
        LocalOptions options = parse("up");

        assertThat(options.roles()).isEqualTo("ingress,worker");
        assertThat(options.port()).isEqualTo(8080);
        assertThat(options.managementPort()).isEqualTo(9000);
        assertThat(options.parts().kafkaPort()).hasValue(9092);
        assertThat(options.parts().redisPort()).hasValue(6379);
    }

    @Test
    void startsNothingThatIsGivenFromOutside() {
        LocalStack.Parts parts =
                parse("up --kafka broker:9092 --redis redis://cache:6379").parts();

        assertThat(parts.kafkaPort()).isEmpty();
        assertThat(parts.redisPort()).isEmpty();
    }

    @Test
    void aWorkerNeedsNoRedis() {
        LocalStack.Parts parts = parse("up --role worker --kafka broker:9092").parts();

        assertThat(parts.redisPort()).isEqualTo(OptionalInt.empty());
    }

    @Test
    void takesPortsAndFolders() {
        LocalOptions options = parse("kafka --kafka-port 19092 --redis-port 16379 --data-dir log --models shelf");

        assertThat(options.parts().kafkaPort()).hasValue(19092);
        assertThat(options.parts().redisPort()).hasValue(16379);
        assertThat(options.parts().dataDir()).hasValue(Path.of("log"));
        assertThat(options.models()).hasValue(Path.of("shelf"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    down               | the command must be up or kafka, was down
                    up --role boss     | --role must be ingress or worker or both, was boss
                    up --port 0        | --port must be in 1..65535, was 0
                    up --port 65536    | --port must be in 1..65535, was 65536
                    up --kafka-port x  | --kafka-port must be in 1..65535, was x
                    up --port          | --port needs a value
                    up --colour red    | --colour is none of
                    """)
    void namesWhatItDoesNotUnderstand(String line, String complaint) {
        assertThatThrownBy(() -> parse(line))
                .isInstanceOf(CannotStartException.class)
                .hasMessageContaining(complaint);
    }

    private static LocalOptions parse(String line) {
        return LocalOptions.parse(List.of(line.split(" ")));
    }
}
