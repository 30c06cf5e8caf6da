package dev.penstock.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;

/**
 * Whose code a JVM ran, by samples of JDK Flight Recorder. A sample belongs to the package of the innermost method that is not the JDK's,
 * since what the JDK does there it does for that.
 *
 * @param samples by package, shortened to its library or part
 */
record CpuProfile(Map<String, Long> samples) {
    /** Of processor time, what the system does for a thread included; since JDK 25. */
    private static final String BY_CPU_TIME = "jdk.CPUTimeSample";
    /** Of threads that run Java code. */
    private static final String BY_TIME = "jdk.ExecutionSample";

    /** The settings of a recording that this can read. */
    static final Map<String, String> SETTINGS = Map.of(
            BY_CPU_TIME + "#enabled", "true",
            BY_CPU_TIME + "#throttle", "2 ms",
            BY_TIME + "#enabled", "true",
            BY_TIME + "#period", "10 ms");

    private static final Pattern OF_THE_JDK = Pattern.compile("(java|javax|jdk|sun|com\\.sun)\\..*");
    private static final Pattern OURS = Pattern.compile("dev\\.penstock(\\.[a-z]+){0,2}");
    private static final Pattern OF_OTHERS = Pattern.compile("[a-z]+(\\.[a-z]+){0,2}");

    static CpuProfile read(Path recording) throws IOException {
        List<RecordedEvent> events = RecordingFile.readAllEvents(recording);
        String kind = events.stream().anyMatch(event -> is(event, BY_CPU_TIME)) ? BY_CPU_TIME : BY_TIME;
        Map<String, Long> samples = new HashMap<>();
        for (RecordedEvent event : events) {
            if (is(event, kind)) {
                samples.merge(owner(event), 1L, Long::sum);
            }
        }
        return new CpuProfile(samples);
    }

    private static boolean is(RecordedEvent event, String kind) {
        return event.getEventType().getName().equals(kind);
    }

    private static String owner(RecordedEvent event) {
        return Optional.ofNullable(event.getStackTrace()).stream()
                .flatMap(stack -> stack.getFrames().stream())
                .filter(RecordedFrame::isJavaFrame)
                .map(frame -> frame.getMethod().getType().getName())
                .filter(type -> !OF_THE_JDK.matcher(type).matches())
                .findFirst()
                .map(CpuProfile::part)
                .orElse("the JVM and the JDK alone");
    }

    private static String part(String type) {
        String name = type.substring(0, Math.max(0, type.lastIndexOf('.')));
        Matcher matcher = (name.startsWith("dev.penstock") ? OURS : OF_OTHERS).matcher(name);
        return matcher.lookingAt() ? matcher.group() : type;
    }

    /** The part of a package, from 0 to 1. */
    double share(String part) {
        long all = samples.values().stream().mapToLong(Long::longValue).sum();
        return all == 0 ? 0 : (double) samples.getOrDefault(part, 0L) / all;
    }
}
