package dev.penstock.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a process holds.
 *
 * @param memoryMib resident memory
 * @param files open file descriptors
 */
record Usage(long memoryMib, int threads, int files) {

    /** Each value the higher of the two. */
    Usage highest(Usage other) {
        return new Usage(
                Math.max(memoryMib, other.memoryMib), Math.max(threads, other.threads), Math.max(files, other.files));
    }

    /** From {@code /proc}; empty when the process has ended. */
    static Optional<Usage> of(ProcessHandle process) {
        Path proc = Path.of("/proc", Long.toString(process.pid()));
        try (Stream<Path> open = Files.list(proc.resolve("fd"))) {
            int files = (int) open.count();
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
}
