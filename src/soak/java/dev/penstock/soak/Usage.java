package dev.penstock.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a process holds.
 *
 * @param memoryMib resident memory
 * @param files open file descriptors, without the connections that others have made to it and hold open: how many those are is up to them
 */
record Usage(long memoryMib, int threads, int files) {
    private static final int LOCAL_ADDRESS = 1;
    private static final int STATE = 3;
    private static final int INODE = 9;
    private static final String ESTABLISHED = "01";
    private static final String LISTENING = "0A";

    /** The median of each value; of an even number, the higher of the two in the middle. */
    static Usage median(List<Usage> usages) {
        return new Usage(median(usages, Usage::memoryMib), (int) median(usages, Usage::threads), (int)
                median(usages, Usage::files));
    }

    private static long median(List<Usage> usages, ToLongFunction<Usage> value) {
        long[] sorted = usages.stream().mapToLong(value).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    /** From {@code /proc}; empty when the process has ended. */
    static Optional<Usage> of(ProcessHandle process) {
        Path proc = Path.of("/proc", Long.toString(process.pid()));
        try (Stream<Path> open = Files.list(proc.resolve("fd"))) {
            Set<String> accepted = acceptedConnections(proc);
            int files =
                    (int) open.filter(file -> !accepted.contains(target(file))).count();
            long memoryKib = 0;
            int threads = 0;
            for (String line : Files.readAllLines(proc.resolve("status"))) {
                if (line.startsWith("VmRSS:")) {
                    memoryKib = Long.parseLong(line.replaceAll("[^0-9]", ""));
                } else if (line.startsWith("Threads:")) {
                    threads = Integer.parseInt(line.replaceAll("[^0-9]", ""));
                }
            }
            return Optional.of(new Usage(memoryKib / 1024, threads, files));
        } catch (IOException ended) {
            return Optional.empty();
        }
    }

    /** Those of the whole network namespace that neither side has ended, as the links of their descriptors name them. */
    private static Set<String> acceptedConnections(Path proc) throws IOException {
        List<String[]> sockets = new ArrayList<>();
        for (String table : List.of("net/tcp", "net/tcp6")) {
            Files.readAllLines(proc.resolve(table)).stream()
                    .skip(1)
                    .map(line -> line.trim().split("\\s+"))
                    .forEach(sockets::add);
        }
        Set<String> listening = sockets.stream()
                .filter(socket -> socket[STATE].equals(LISTENING))
                .map(Usage::port)
                .collect(Collectors.toSet());
        return sockets.stream()
                .filter(socket -> socket[STATE].equals(ESTABLISHED) && listening.contains(port(socket)))
                .map(socket -> "socket:[" + socket[INODE] + "]")
                .collect(Collectors.toSet());
    }

    private static String port(String[] socket) {
        return socket[LOCAL_ADDRESS].substring(socket[LOCAL_ADDRESS].indexOf(':'));
    }

    private static String target(Path file) {
        try {
            return Files.readSymbolicLink(file).toString();
        } catch (IOException closed) {
            return "";
        }
    }
}
