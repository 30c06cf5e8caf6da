package dev.penstock.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * What a process holds.
 *
 * @param memoryMib resident memory
 * @param files open file descriptors
 */
record Usage(long memoryMib, int threads, int files) {

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
