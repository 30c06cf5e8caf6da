package dev.penstock.ingress.call;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.Topics;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CatalogueListenerTest {
    private final Catalogue catalogue = new Catalogue(100, () -> 0);
    private final List<String> heard = new ArrayList<>();
    private final CatalogueListener listener = new CatalogueListener(catalogue, heard::add, () -> 0);

    @Test
    void skipsWhatIsNoAnnouncement() {
        listener.received(record(null, null));
        listener.received(record(null, "{}"));
        listener.received(record("m/1/w", null));
        listener.received(record("m/1/w", "{}"));
        listener.received(record("m/1/w", "no json"));

        assertThat(heard).isEmpty();
        assertThat(catalogue.models()).isEmpty();
    }

    private static ConsumerRecord<byte[], byte[]> record(@Nullable String key, @Nullable String value) {
        return new ConsumerRecord<>(Topics.MODELS, 0, 0, bytes(key), bytes(value));
    }

    private static byte @Nullable [] bytes(@Nullable String text) {
        return text == null ? null : text.getBytes(UTF_8);
    }
}
