package dev.penstock.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.util.Properties;
import kafka.server.KafkaConfig;
import org.junit.jupiter.api.Test;

/** The broker of the overlay for laptops. */
final class LocalKafkaTest {
    @Test
    void kafkaAcceptsItsConfiguration() throws IOException {
        Properties properties = new Properties();
        try (Reader file = Files.newBufferedReader(Rendered.KUBERNETES.resolve("components/local/server.properties"))) {
            properties.load(file);
        }

        assertThat(KafkaConfig.configDef().names()).containsAll(properties.stringPropertyNames());
        assertThat(KafkaConfig.fromProps(properties)
                        .effectiveAdvertisedBrokerListeners()
                        .mkString())
                .contains("kafka", "9092");
    }
}
