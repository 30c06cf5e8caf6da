package dev.penstock.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.local.EmbeddedKafka;
import dev.penstock.threads.Faults;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaWatchTest {
    @Test
    void reportsAnUnavailableBrokerAndItsReturn(@TempDir Path dataDir) {
        EmbeddedKafka kafka = start(0, dataDir);
        KafkaClients clients = new KafkaClients(Map.of("bootstrap.servers", kafka.bootstrapServers()));
        Faults faults = new Faults("process");
        try (KafkaWatch watch = new KafkaWatch(clients, Duration.ofSeconds(4), faults);
                KafkaWatch patient = new KafkaWatch(clients, Duration.ofHours(1), faults)) {
            assertThat(watch.lostFor()).isEmpty();
            assertThat(watch.answers()).isTrue();

            kafka.close();
            await().atMost(Duration.ofSeconds(90)).until(() -> !watch.answers());
            await().atMost(Duration.ofSeconds(90))
                    .untilAsserted(() -> assertThat(watch.lostFor()).isPresent());
            assertThat(patient.lostFor()).isEmpty();

            kafka = start(kafka.port(), dataDir);
            await().atMost(Duration.ofSeconds(90))
                    .untilAsserted(() -> assertThat(watch.lostFor()).isEmpty());
            assertThat(watch.answers()).isTrue();
        } finally {
            kafka.close();
        }
    }

    private static EmbeddedKafka start(int port, Path dataDir) {
        return EmbeddedKafka.start(port, Optional.of(dataDir), EmbeddedKafka.DEFAULT_MAX_MESSAGE_BYTES);
    }
}
