package dev.penstock.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostMemoryTest {
    @TempDir
    Path folder;

    private HostMemory memory = new HostMemory(Path.of(""), Path.of(""));

    @BeforeEach
    void readThatFolder() {
        memory = new HostMemory(folder, folder);
    }

    @Test
    void whatCanBeDroppedIsNotInUse() throws IOException {
        machine(1000, 250);
        assertThat(memory.usedRatio()).hasValue(0.75);
    }

    @Test
    void aContainersLimitCountsWhereItIsFuller() throws IOException {
        machine(1000, 900);
        container("200", 150, 30);
        assertThat(memory.usedRatio().orElse(-1)).isCloseTo(0.6, within(1e-9));
        machine(1000, 100);
        assertThat(memory.usedRatio().orElse(-1)).isCloseTo(0.9, within(1e-9));
    }

    @Test
    void aContainerWithoutALimitHasTheMachines() throws IOException {
        machine(1000, 250);
        container("max", 150, 30);
        assertThat(memory.usedRatio()).hasValue(0.75);
    }

    @Test
    void whereTheSystemDoesNotTellThereIsNoGauge() throws IOException {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        memory.registerIfKnown(registry);
        assertThat(registry.getMeters()).isEmpty();

        machine(1000, 250);
        memory.registerIfKnown(registry);
        assertThat(registry.get("host.memory.used.ratio").gauge().value()).isEqualTo(0.75);
    }

    private void machine(long totalKilobytes, long availableKilobytes) throws IOException {
        Files.writeString(folder.resolve("meminfo"), """
                MemTotal:       %8d kB
                MemFree:              10 kB
                MemAvailable:   %8d kB
                """.formatted(totalKilobytes, availableKilobytes));
    }

    private void container(String limit, long current, long inactiveFile) throws IOException {
        Files.writeString(folder.resolve("memory.max"), limit + "\n");
        Files.writeString(folder.resolve("memory.current"), current + "\n");
        Files.writeString(
                folder.resolve("memory.stat"), "anon 7\ninactive_file %d\nactive_file 3\n".formatted(inactiveFile));
    }
}
