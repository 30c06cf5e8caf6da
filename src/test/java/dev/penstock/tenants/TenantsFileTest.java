package dev.penstock.tenants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.penstock.threads.Faults;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TenantsFileTest {
    private static final Duration OFTEN = Duration.ofMillis(5);
    private static final Logger LOG = Logger.getLogger(TenantsFile.class.getName());

    private final Errors errors = new Errors();
    private final List<TenantsFile> opened = new ArrayList<>();

    @TempDir
    Path folder = Path.of("."); // injected

    @BeforeEach
    void listen() {
        LOG.addHandler(errors);
    }

    @AfterEach
    void close() {
        opened.forEach(TenantsFile::close);
        LOG.removeHandler(errors);
    }

    @Test
    void reloadsAChangedFileWithoutARestart() throws IOException {
        TenantsFile file = open(write("tenants: {a: {}}"));
        assertThat(file.tenants().named("b")).isEmpty();
        write("tenants: {b: {}}");
        await().until(() -> file.tenants().named("b").isPresent());
        assertThat(file.tenants().named("a")).isEmpty();
    }

    @Test
    void reloadsWhenASymbolicLinkChangesAsInKubernetes() throws IOException {
        Path old = Files.createDirectory(folder.resolve("..2026_1"));
        Files.writeString(old.resolve("tenants.yaml"), "tenants: {a: {}}");
        Path data = Files.createSymbolicLink(folder.resolve("..data"), old.getFileName());
        TenantsFile file =
                open(Files.createSymbolicLink(folder.resolve("tenants.yaml"), Path.of("..data/tenants.yaml")));
        Path changed = Files.createDirectory(folder.resolve("..2026_2"));
        Files.writeString(changed.resolve("tenants.yaml"), "tenants: {b: {}}");
        Files.setLastModifiedTime(
                changed.resolve("tenants.yaml"), Files.getLastModifiedTime(old.resolve("tenants.yaml")));
        Path next = Files.createSymbolicLink(folder.resolve("..data_tmp"), changed.getFileName());
        Files.move(next, data, StandardCopyOption.ATOMIC_MOVE);
        await().until(() -> file.tenants().named("b").isPresent());
    }

    @Test
    void keepsTheLastValidFileWhenTheNewOneIsInvalidAndLogsItOnce() throws IOException {
        Path path = write("tenants: {a: {}}");
        TenantsFile file = open(path);
        write("tenants: {b: {weight: 0}}");
        await().until(() -> !errors.messages.isEmpty());
        awaitSeveralIntervals();
        assertThat(file.tenants().named("a")).isPresent();
        assertThat(errors.messages).hasSize(1);
        assertThat(file.isBroken()).isTrue();
        assertThat(errors.messages.getFirst())
                .contains(
                        path.toString(),
                        "tenants.b.weight must be in 1..1000, was 0",
                        "The last valid version stays in force");
        write("tenants: {b: {}}");
        await().until(() -> file.tenants().named("b").isPresent());
    }

    @Test
    void keepsTheLastValidFileWhenTheFileIsGone() throws IOException {
        Path path = write("tenants: {a: {}}");
        TenantsFile file = open(path);
        Files.delete(path);
        await().until(() -> !errors.messages.isEmpty());
        awaitSeveralIntervals();
        assertThat(file.tenants().named("a")).isPresent();
        assertThat(errors.messages).hasSize(1);
        write("tenants: {a: {}}");
        await().until(() -> !file.isBroken());
        write("tenants: {b: {}}");
        await().until(() -> file.tenants().named("b").isPresent());
    }

    @Test
    void doesNotStartWithAnInvalidOrMissingFile() throws IOException {
        Path path = write("tenants: {b: {weight: 0}}");
        assertThatThrownBy(() -> open(path))
                .hasMessage("penstock.tenants.file, " + path + ": tenants.b.weight must be in 1..1000, was 0");
        assertThatThrownBy(() -> open(folder.resolve("none")))
                .hasMessageContaining("penstock.tenants.file cannot be read");
    }

    /** Waits for about ten intervals. */
    private static void awaitSeveralIntervals() {
        await().pollDelay(OFTEN.multipliedBy(10)).until(() -> true);
    }

    private TenantsFile open(Path path) {
        TenantsFile file = TenantsFile.open(path, OFTEN, new Faults("ingress"));
        opened.add(file);
        return file;
    }

    /** Replaces the file atomically. */
    private Path write(String yaml) throws IOException {
        Path next = Files.writeString(folder.resolve("next"), yaml);
        return Files.move(next, folder.resolve("tenants.yaml"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static final class Errors extends Handler {
        final List<String> messages = new CopyOnWriteArrayList<>();

        @Override
        public void publish(LogRecord record) {
            if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
                messages.add(String.format(record.getMessage(), record.getParameters()));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
