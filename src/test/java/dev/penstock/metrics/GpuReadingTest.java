package dev.penstock.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class GpuReadingTest {
    @Test
    void readsALineForEachGpu() {
        assertThat(GpuReading.parse("0, 75, 8156, 81559\n1, 0, 0, 81559\n"))
                .containsExactly(
                        new GpuReading("0", OptionalDouble.of(0.75), OptionalDouble.of(8156.0 / 81559)),
                        new GpuReading("1", OptionalDouble.of(0), OptionalDouble.of(0)));
    }

    /** As under MIG, or by an old driver. */
    @Test
    void whatTheDriverDoesNotTellIsAbsent() {
        assertThat(GpuReading.parse("0, [N/A], 512, 1024\n1, 10, [Not Supported], [Not Supported]\n"))
                .containsExactly(
                        new GpuReading("0", OptionalDouble.empty(), OptionalDouble.of(0.5)),
                        new GpuReading("1", OptionalDouble.of(0.1), OptionalDouble.empty()));
    }

    @Test
    void skipsOtherLines() {
        assertThat(GpuReading.parse("No devices were found\n")).isEmpty();
        assertThat(GpuReading.parse("WARNING: infoROM is corrupted at gpu 0000:00:1E.0, see, the, manual\n\n"))
                .isEmpty();
    }
}
