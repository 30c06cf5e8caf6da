package dev.penstock.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Bounds the memory that reading an input may take: so many times its size, and what any reading takes. */
public final class Allocation {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** Names, paths, exceptions, a parser's buffers. */
    private static final long ANY_READING_BYTES = 256 << 10;
    /** Whoever reads first pays for the classes that are loaded for it. */
    private static final int ATTEMPTS = 3;

    private Allocation() {}

    /** Reads, with a result or a refusal. */
    public interface Reading<T, E extends Exception> {
        T read() throws E;
    }

    /** @throws AssertionError when it took more, again and again */
    public static <T, E extends Exception> T bounded(int inputBytes, int factor, Reading<T, E> reading) throws E {
        long allowed = ANY_READING_BYTES + (long) factor * inputBytes;
        for (int attempt = 1; ; attempt++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            try {
                T result = reading.read();
                if (isWithin(allowed, before, attempt)) {
                    return result;
                }
            } catch (Exception refused) {
                if (isWithin(allowed, before, attempt)) {
                    throw refused;
                }
            }
        }
    }

    private static boolean isWithin(long allowed, long before, int attempt) {
        long taken = THREADS.getCurrentThreadAllocatedBytes() - before;
        if (taken > allowed && attempt == ATTEMPTS) {
            throw new AssertionError("took " + taken + " bytes; allowed are " + allowed);
        }
        return taken <= allowed;
    }
}
