package dev.penstock.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How full the memory is: that of the machine, or that which the container may use, whichever is fuller. What the kernel can drop, such as
 * cached files, does not count as used. Reads Linux's files; other systems have no such gauge. Thread-safe.
 */
public final class HostMemory {
    private static final Path PROC = Path.of("/proc");
    private static final Path CGROUP = Path.of("/sys/fs/cgroup");

    private final Path proc;
    private final Path cgroup;

    /**
     * @param proc the folder of {@code meminfo}
     * @param cgroup the folder of the container's own control group, version 2
     */
    HostMemory(Path proc, Path cgroup) {
        this.proc = proc;
        this.cgroup = cgroup;
    }

    /** Registers {@code host.memory.used.ratio} where the system tells it. */
    public static void register(MeterRegistry registry) {
        new HostMemory(PROC, CGROUP).registerIfKnown(registry);
    }

    void registerIfKnown(MeterRegistry registry) {
        if (usedRatio().isPresent()) {
            Gauge.builder(
                            "host.memory.used.ratio",
                            this,
                            memory -> memory.usedRatio().orElse(Double.NaN))
                    .description("Memory in use that cannot be dropped, of the machine's or of the container's limit")
                    .strongReference(true)
                    .register(registry);
        }
    }

    /** In 0..1; empty where the system does not tell it. */
    OptionalDouble usedRatio() {
        OptionalDouble machine = ofMachine();
        OptionalDouble container = ofContainer();
        return machine.isPresent() && container.isPresent()
                ? OptionalDouble.of(Math.max(machine.getAsDouble(), container.getAsDouble()))
                : machine;
    }

    private OptionalDouble ofMachine() {
        String meminfo = read(proc.resolve("meminfo"));
        OptionalLong total = number(meminfo, "MemTotal:");
        OptionalLong available = number(meminfo, "MemAvailable:");
        return total.isPresent() && available.isPresent()
                ? OptionalDouble.of(ratio(total.getAsLong() - available.getAsLong(), total.getAsLong()))
                : OptionalDouble.empty();
    }

    /** Empty outside a container, and in one without a limit. */
    private OptionalDouble ofContainer() {
        OptionalLong limit = number(read(cgroup.resolve("memory.max")), "");
        OptionalLong current = number(read(cgroup.resolve("memory.current")), "");
        if (limit.isEmpty() || current.isEmpty()) {
            return OptionalDouble.empty();
        }
        long droppable =
                number(read(cgroup.resolve("memory.stat")), "inactive_file").orElse(0);
        return OptionalDouble.of(ratio(current.getAsLong() - droppable, limit.getAsLong()));
    }

    private static double ratio(long used, long total) {
        return Math.clamp((double) used / Math.max(1, total), 0, 1);
    }

    /** The number behind a name at the start of a line. */
    private static OptionalLong number(String text, String name) {
        Matcher line = Pattern.compile("(?m)^" + Pattern.quote(name) + "\\s*(\\d{1,18})\\b")
                .matcher(text);
        return line.find() ? OptionalLong.of(Long.parseLong(line.group(1))) : OptionalLong.empty();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException absent) {
            return "";
        }
    }
}
