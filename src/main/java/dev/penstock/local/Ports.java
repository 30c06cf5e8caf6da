package dev.penstock.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Finds and checks loopback ports. */
final class Ports {

    static final int ANY = 0;

    // Below the ephemeral ports of Linux and macOS, so that no outgoing connection takes the port between pick and
    // bind.
    private static final int LOWEST = 20_000;
    private static final int HIGHEST = 32_000;
    private static final int MAX_PICKS = 1_000;

    private Ports() {}

    /** Returns the port, or a free port for {@link #ANY}. */
    static int resolve(int port) {
        return port == ANY ? pick() : port;
    }

    static void requireFree(int port, String flag) {
        if (port != ANY && !isFree(port)) {
            throw new CannotStartException("port " + port
                    + " is in use, perhaps by another Penstock; stop it, or choose another port with " + flag);
        }
    }

    static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            // Without this, ports of closed connections in TIME_WAIT would count as in use.
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
        throw new CannotStartException("found no free port in " + LOWEST + ".." + HIGHEST);
    }
}
