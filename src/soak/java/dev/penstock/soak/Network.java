package dev.penstock.soak;

import java.io.IOException;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts the routes to loopback addresses. Only in a network namespace of its own, since it changes the routes of all processes in it: start
 * the soak with {@code unshare -n sh -c 'ip link set lo up; ./penstock soak'}, as root.
 */
final class Network {
    private Network() {}

    /** Whether this process has a network namespace of its own, and the tool {@code ip}. A new namespace has no other interface that is up. */
    static boolean canBeCut() {
        try {
            boolean hasOthers = NetworkInterface.networkInterfaces()
                    .anyMatch(each -> !each.getName().equals("lo"));
            return !hasOthers && run("ip", "route", "show", "table", "local") == 0;
        } catch (IOException unknown) {
            return false;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Packets to this address are dropped from now on. */
    static void cut(String address) throws IOException, InterruptedException {
        route("add", address);
    }

    static void restore(String address) throws IOException, InterruptedException {
        route("del", address);
    }

    private static void route(String change, String address) throws IOException, InterruptedException {
        int status = run("ip", "route", change, "blackhole", address + "/32", "table", "local");
        NotStruckException.unless(status == 0, "ip route %s of %s ended with %d".formatted(change, address, status));
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(new ArrayList<>(List.of(command)))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}
