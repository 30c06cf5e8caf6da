package dev.penstock.model.repository;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The memory that this process holds in itself, as Linux counts it. */
final class ResidentMemory {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Pattern ANONYMOUS = Pattern.compile("RssAnon:\\s+(\\d+) kB");

    private ResidentMemory() {}

    /** Without mapped files. Always 0 on other systems, where nothing tells. */
    static long bytes() {
        try {
            Matcher anonymous = ANONYMOUS.matcher(Files.readString(STATUS));
            return anonymous.find() ? Long.parseLong(anonymous.group(1)) << 10 : 0;
        } catch (IOException absent) {
            return 0;
        }
    }
}
