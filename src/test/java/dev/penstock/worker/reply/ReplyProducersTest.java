package dev.penstock.worker.reply;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyProducersTest {
    /** A producer refuses a record that is larger than its buffer, whatever its {@code max.request.size}. */
    @ParameterizedTest
    @ValueSource(ints = {1 << 20, 1 << 30})
    void holdsTheLargestRecordInItsBuffer(int maxRecordBytes) {
        Map<String, Object> settings = ReplyProducers.settings(maxRecordBytes);

        assertThat(settings.get(ProducerConfig.MAX_REQUEST_SIZE_CONFIG)).isEqualTo(maxRecordBytes);
        assertThat(settings)
                .hasEntrySatisfying(
                        ProducerConfig.BUFFER_MEMORY_CONFIG,
                        bytes -> assertThat((long) bytes).isGreaterThanOrEqualTo(maxRecordBytes));
    }
}
