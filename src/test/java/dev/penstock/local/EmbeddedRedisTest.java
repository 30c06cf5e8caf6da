package dev.penstock.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedRedisTest {

    @Test
    void storesAndFinds() throws IOException {
        try (EmbeddedRedis redis = EmbeddedRedis.start()) {
            assertThat(command(redis.port(), "SET answer 42")).isEqualTo("+OK");
            assertThat(command(redis.port(), "GET answer")).isEqualTo("$2 42");
        }
    }

    @Test
    void keepsItsDataAcrossARestartWithADataDirectory(@TempDir Path dataDir) throws IOException {
        try (EmbeddedRedis redis = EmbeddedRedis.start(Ports.ANY, Optional.of(dataDir))) {
            command(redis.port(), "SET answer 42");
        }

        try (EmbeddedRedis redis = EmbeddedRedis.start(Ports.ANY, Optional.of(dataDir))) {
            assertThat(command(redis.port(), "GET answer")).isEqualTo("$2 42");
        }
    }

    @Test
    void closeLeavesNoProcessFolderOrPort() {
        EmbeddedRedis redis = EmbeddedRedis.start();
        List<ProcessHandle> processes = redis.processes();
        assertThat(processes).hasSizeGreaterThan(1).allMatch(ProcessHandle::isAlive);

        redis.close();

        assertThat(redis.scratch()).doesNotExist();
        assertThat(Ports.isFree(redis.port())).isTrue();
        await().untilAsserted(() -> assertThat(processes).noneMatch(ProcessHandle::isAlive));
    }

    @Test
    void rejectsAPortThatIsInUse() {
        try (EmbeddedRedis redis = EmbeddedRedis.start()) {
            assertThatThrownBy(() -> EmbeddedRedis.start(redis.port(), Optional.empty()))
                    .isInstanceOf(CannotStartException.class)
                    .hasMessageContaining("port %d is in use", redis.port());
        }
    }

    @Test
    void reportsTheLogOfARedisThatCannotStart(@TempDir Path dataDir) throws IOException {
        Files.writeString(dataDir.resolve("appendonly.aof"), "not an append-only file");

        assertThatThrownBy(() -> EmbeddedRedis.start(Ports.ANY, Optional.of(dataDir)))
                .isInstanceOf(CannotStartException.class)
                .hasMessageContaining("Bad file format reading the append only file");
    }

    /** Sends one command and returns its one-line reply. */
    static String command(int port, String command) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                var reader =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
            socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
            String reply = reader.readLine();
            return reply.startsWith("$") && !reply.equals("$-1") ? reply + " " + reader.readLine() : reply;
        }
    }
}
