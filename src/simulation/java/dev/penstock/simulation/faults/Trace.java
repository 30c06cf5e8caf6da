package dev.penstock.simulation.faults;

import java.util.Locale;

/** What happened, line by line; nothing unless it is to be read. */
final class Trace {
    private final VirtualTime time;
    private final boolean isKept;
    private final StringBuilder lines = new StringBuilder();

    Trace(VirtualTime time, boolean isKept) {
        this.time = time;
        this.isKept = isKept;
    }

    @SuppressWarnings("AnnotateFormatMethod")
    void say(String form, Object... values) {
        if (isKept) {
            lines.append("%10.1f ms  ".formatted(time.nanos() / 1e6))
                    .append(String.format(Locale.ROOT, form, values))
                    .append('\n');
        }
    }

    String text() {
        return lines.toString();
    }
}
