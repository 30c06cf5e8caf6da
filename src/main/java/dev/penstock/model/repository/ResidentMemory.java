package dev.penstock.model.repository;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/** The memory that this process holds in itself, as Linux counts it. */
public final class ResidentMemory {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Pattern ANONYMOUS = Pattern.compile("RssAnon:\\s+(\\d+) kB");
    private static final String DIAGNOSTICS = "com.sun.management:type=DiagnosticCommand";

    private ResidentMemory() {}

    /** Without mapped files. Always 0 on other systems, where nothing tells. */
    public static long bytes() {
        try {
            Matcher anonymous = ANONYMOUS.matcher(Files.readString(STATUS));
            return anonymous.find() ? Long.parseLong(anonymous.group(1)) << 10 : 0;
        } catch (IOException absent) {
            return 0;
        }
    }

    /**
     * Gives the memory back to the system that nothing uses any more: of the heap, of buffers that only the collector frees, and of malloc,
     * which keeps what is freed. Stops the process for a moment.
     */
    public static void giveBack() {
        System.gc();
        try {
            ManagementFactory.getPlatformMBeanServer()
                    .invoke(new ObjectName(DIAGNOSTICS), "systemTrimNativeHeap", new Object[0], new String[0]);
        } catch (JMException absent) {
            // Only JVMs on Linux have this command. The rest is given back without it.
        }
    }
}
