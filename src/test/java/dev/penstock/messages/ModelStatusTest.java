package dev.penstock.messages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.penstock.messages.ModelStatus.State;
import dev.penstock.protocol.Signature;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModelStatusTest {
    @Test
    void readsWhatItWrites() throws IOException {
        ModelStatus ofVersion = new ModelStatus("m", Optional.of("3"), "w", State.LOADING, "it is large");
        ModelStatus ofModel = new ModelStatus("m", Optional.empty(), "w", State.UNAVAILABLE, "no version");

        assertThat(ModelStatus.read(ofVersion.toJson())).isEqualTo(ofVersion);
        assertThat(ModelStatus.read(ofModel.toJson())).isEqualTo(ofModel);
        assertThat(ofModel.key()).isNotEqualTo(ofVersion.key());
    }

    @Test
    void keepsAReasonToOneLineOfBoundedLength() {
        String reason =
                new ModelStatus("m", Optional.empty(), "w", State.UNAVAILABLE, "a\n\tb" + "c".repeat(5000)).reason();

        assertThat(reason).startsWith("a bccc").endsWith("c…").hasSize(ModelStatus.MAX_REASON_CHARS);
    }

    @Test
    void refusesWhatIsNone() {
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> ModelStatus.read("{}".getBytes(UTF_8)));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> ModelStatus.read(
                        "{\"model\":\"m\",\"worker\":\"w\",\"state\":\"ASLEEP\",\"reason\":\"\"}".getBytes(UTF_8)));
    }

    @Test
    void itsKeyIsNoAnnouncements() {
        Announcement announcement = new Announcement(
                "m", "1", "w", new Signature(List.of(), List.of()), 8, 1000, 0, 100, "cpu", true, Optional.empty());

        assertThat(ModelStatus.isKey(announcement.key())).isFalse();
        assertThat(ModelStatus.isKey(new ModelStatus("m", Optional.of("1"), "w", State.READY, "").key()))
                .isTrue();
    }
}
