package dev.penstock.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Loopback ports: which are free, and which are taken. */
final class Ports {

    static final int ANY = 0;

    // Below the range that Linux and macOS give to outgoing connections, so that no client's socket takes a port
    // between pick and bind.
    private static final int LOWEST = 20_000;
    private static final int HIGHEST = 32_000;
    private static final int MAX_PICKS = 1_000;

    private Ports() {}

    /** The port itself, or a free one where {@link #ANY} is asked for. */
    static int resolve(int port) {
        return port == ANY ? pick() : port;
    }

    static void requireFree(int port, String flag) {
        if (port != ANY && !isFree(port)) {
            throw new CannotStartException(
                    "port %d is taken: another penstock up? choose one with %s".formatted(port, flag));
        }
    }

    static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            // Without this, the remains of closed connections would count as taken.
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static int pick() {
        for (int i = 0; i < MAX_PICKS; i++) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST);
            if (isFree(port)) {
                return port;
            }
        }
        throw new CannotStartException("no free port in %d..%d".formatted(LOWEST, HIGHEST));
    }
}
