package dev.penstock.messages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {
    private static final String PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void passesBothHeadersOnAsTheyCame() {
        Headers came = new RecordHeaders()
                .add("traceparent", PARENT.getBytes(UTF_8))
                .add("tracestate", "a=1,b=2".getBytes(UTF_8));
        Headers goes = new RecordHeaders();

        TraceContext.read(came).write(goes);

        assertThat(goes.toArray()).isEqualTo(came.toArray());
    }

    @Test
    void passesZipkinsHeadersOnWithAndWithoutAParent() {
        Headers goes = new RecordHeaders();

        TraceContext.NONE
                .with(Map.of("b3", "80f198ee56343ba8-e457b5a2e4d86bd1-1", "x-b3-sampled", "no\nheader"))
                .write(goes);

        assertThat(goes.toArray())
                .containsExactly(new RecordHeader("b3", "80f198ee56343ba8-e457b5a2e4d86bd1-1".getBytes(UTF_8)));
        assertThat(TraceContext.read(goes).b3()).containsOnlyKeys("b3");
    }

    @Test
    void joinsSeveralStatesInTheirOrder() {
        assertThat(TraceContext.of(PARENT, List.of("a=1", "b=2")).state()).contains("a=1,b=2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "garbage",
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"
            })
    void ignoresAParentOfAnotherFormAndItsState(String parent) {
        assertThat(TraceContext.of(parent, List.of("a=1"))).isEqualTo(TraceContext.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a=ä", "a=1\n"})
    void dropsAStateOfAnotherForm(String state) {
        assertThat(TraceContext.of(PARENT, List.of(state)).state()).isEmpty();
        assertThat(TraceContext.of(PARENT, List.of("a=" + "1".repeat(600))).state())
                .isEmpty();
    }

    @Test
    void knowsWhatItsSenderDoesNotRecord() {
        assertThat(TraceContext.of(PARENT, List.of()).isUnsampled()).isFalse();
        assertThat(TraceContext.of(PARENT.substring(0, 53) + "02", List.of()).isUnsampled())
                .isTrue();
        assertThat(TraceContext.NONE.isUnsampled()).isFalse();
    }
}
