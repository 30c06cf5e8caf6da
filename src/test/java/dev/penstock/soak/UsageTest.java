package dev.penstock.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class UsageTest {
    private static final int CONNECTIONS = 100;

    /** Other threads of this JVM open and close files meanwhile. */
    private static final int OTHERS = 20;

    @Test
    void countsAConnectionThatOthersHoldOnlyOnceTheyHaveEndedIt() throws Exception {
        List<Socket> accepted = new ArrayList<>();
        List<Socket> connected = new ArrayList<>();
        try (ServerSocket server = new ServerSocket(0, CONNECTIONS, InetAddress.getLoopbackAddress())) {
            int before = files();
            for (int i = 0; i < CONNECTIONS; i++) {
                connected.add(new Socket(server.getInetAddress(), server.getLocalPort()));
                accepted.add(server.accept());
            }
            assertThat(files() - before).as("one side of each").isCloseTo(CONNECTIONS, within(OTHERS));

            close(connected);
            assertThat(files() - before)
                    .as("the other side, which nobody closes")
                    .isCloseTo(CONNECTIONS, within(OTHERS));

            close(accepted);
            assertThat(files() - before).isCloseTo(0, within(OTHERS));
        } finally {
            close(connected);
            close(accepted);
        }
    }

    private static int files() {
        return Usage.of(ProcessHandle.current()).orElseThrow().files();
    }

    private static void close(List<Socket> sockets) throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
