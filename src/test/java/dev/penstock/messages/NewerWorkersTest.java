package dev.penstock.messages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What this version makes of the announcements of a later one: docs/upgrade.md has the rule that follows from it. */
final class NewerWorkersTest {
    private static final String ANNOUNCEMENT = """
            {"model":"m","version":"1","worker":"w","inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],
             "outputs":[{"name":"y","datatype":"FP32","shape":[-1]}],"batching":{"mode":"batched","reason":"proven"},
             "max_request_rows":8,"max_tensor_bytes":1000,"timeout_ms":0,"execution_provider":"cpu","ready":true%s}""";

    @Test
    void fieldsThatAreNotKnownAreIgnored() throws IOException {
        assertThat(read(ANNOUNCEMENT.formatted(",\"of_a_later_version\":{\"a\":[1]}")))
                .isEqualTo(read(ANNOUNCEMENT.formatted("")));
    }

    @Test
    void aValueThatIsNotKnownMakesTheAnnouncementUnreadable() {
        String announcement = ANNOUNCEMENT.formatted("");

        assertThatThrownBy(() -> read(announcement.replace("\"batched\"", "\"of a later version\"")))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> read(announcement.replace("FP32", "FP4"))).isInstanceOf(IOException.class);
    }

    private static Announcement read(String json) throws IOException {
        return Announcement.read(json.getBytes(UTF_8));
    }
}
