package dev.penstock.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a process has used: since its start, or between two readings. From {@code /proc}, whose clock of a thread ticks every 10 ms.
 *
 * @param cpuMicros on all processors
 * @param systemMicros the part of it that was spent in the system
 * @param switches how often a thread gave up its processor, or lost it; of the threads that still run
 * @param threads of those that still run, by their numbers
 */
record ProcessUse(long cpuMicros, long systemMicros, long switches, Map<Long, OfThread> threads) {
    private static final long MICROS_OF_A_TICK = 10_000;
    /** In {@code stat}, counted after the name, which may hold blanks. */
    private static final int USER = 11;

    private static final int SYSTEM = 12;

    /** @param name of the system, which cuts it after 15 bytes; without the number at its end, so that threads of a pool have one name */
    record OfThread(String name, long cpuMicros, long switches) {}

    static ProcessUse of(ProcessHandle process) throws IOException {
        Path proc = Path.of("/proc", Long.toString(process.pid()));
        Map<Long, OfThread> threads = new HashMap<>();
        try (Stream<Path> tasks = Files.list(proc.resolve("task"))) {
            for (Path task : tasks.toList()) {
                try {
                    threads.put(Long.parseLong(task.getFileName().toString()), thread(task));
                } catch (NoSuchFileException ended) {
                    // It counts for the process, which remembers its time.
                }
            }
        }
        String[] fields = fields(Files.readString(proc.resolve("stat")));
        return new ProcessUse(
                micros(fields, USER) + micros(fields, SYSTEM),
                micros(fields, SYSTEM),
                threads.values().stream().mapToLong(OfThread::switches).sum(),
                threads);
    }

    private static OfThread thread(Path task) throws IOException {
        String stat = Files.readString(task.resolve("stat"));
        String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
        String[] fields = fields(stat);
        return new OfThread(
                name.replaceFirst("[-#0-9]+$", ""),
                micros(fields, USER) + micros(fields, SYSTEM),
                switches(Files.readAllLines(task.resolve("status"))));
    }

    private static String[] fields(String stat) {
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    }

    private static long micros(String[] fields, int field) {
        return Long.parseLong(fields[field]) * MICROS_OF_A_TICK;
    }

    private static long switches(List<String> status) {
        return status.stream()
                .filter(line -> line.contains("voluntary_ctxt_switches:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .sum();
    }

    /** What was used after the earlier reading. A thread that has begun since then counts from its start. */
    ProcessUse since(ProcessUse earlier) {
        OfThread begun = new OfThread("", 0, 0);
        Map<Long, OfThread> used = new HashMap<>();
        threads.forEach((number, now) -> {
            OfThread before = earlier.threads().getOrDefault(number, begun);
            used.put(
                    number,
                    new OfThread(now.name(), now.cpuMicros() - before.cpuMicros(), now.switches() - before.switches()));
        });
        return new ProcessUse(
                cpuMicros - earlier.cpuMicros(),
                systemMicros - earlier.systemMicros(),
                used.values().stream().mapToLong(OfThread::switches).sum(),
                used);
    }

    /** The processor time of the threads of each name, in microseconds. */
    Map<String, Long> byThreadName() {
        Map<String, Long> byName = new TreeMap<>();
        threads.values().forEach(thread -> byName.merge(thread.name(), thread.cpuMicros(), Long::sum));
        return byName;
    }
}
