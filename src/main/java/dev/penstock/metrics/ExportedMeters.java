package dev.penstock.metrics;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import jakarta.inject.Singleton;
import java.util.List;

/**
 * Which meters this process exports: ours, and those of the JVM and the process that say something to an operator. Libraries bring dozens
 * more, of which some break Prometheus's rules for names, and most have no description.
 */
@Singleton
public final class ExportedMeters implements MeterFilter {
    private static final List<String> PREFIXES = List.of(
            "inference.",
            "feature.",
            "model.inference.",
            "gpu.",
            "host.",
            "jvm.",
            "process.",
            "system.",
            "vertx.http.connections.");

    /** In nanoseconds, against the rule that times are in seconds; {@code process.cpu.usage} says the same. */
    private static final String CPU_NANOS = "process.cpu.time";

    /** Ends as only a part of a summary may. */
    private static final String CPU_COUNT = "system.cpu.count";

    @Override
    public Meter.Id map(Meter.Id id) {
        return id.getName().equals(CPU_COUNT) ? id.withName("system.cpus") : id;
    }

    @Override
    public MeterFilterReply accept(Meter.Id id) {
        String name = id.getName();
        boolean isExported = PREFIXES.stream().anyMatch(name::startsWith) && !name.equals(CPU_NANOS);
        return isExported ? MeterFilterReply.NEUTRAL : MeterFilterReply.DENY;
    }
}
