package dev.penstock.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.OnnxModels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxFileTest {
    @TempDir
    Path folder;

    /** As 'cp' over the file does. A mapped file would end the process here, since ONNX Runtime reads it in native code. */
    @Test
    void keepsItsContentWhenTheFileBecomesShorter() throws Exception {
        Path path = OnnxModels.write(folder, "m", 1, OnnxModels.lookup());
        Files.write(path, new byte[100_000], StandardOpenOption.APPEND);
        OnnxFile file = OnnxFile.read(path, OnnxFile.MAX_BYTES);
        String before = file.sha256();

        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(10);
        }

        assertThat(file.sha256()).isEqualTo(before);
    }

    /** A file of the kernel's that claims to have a page, and ends earlier. */
    @Test
    void refusesAFileThatEndsBeforeItsSize() {
        Path shorter = Path.of("/sys/class/net/lo/mtu");
        assumeTrue(Files.exists(shorter));

        assertThatExceptionOfType(ModelRefusedException.class)
                .isThrownBy(() -> OnnxFile.read(shorter, OnnxFile.MAX_BYTES))
                .withMessageStartingWith("mtu changed while it was read: it had 4096 bytes, then ");
    }
}
