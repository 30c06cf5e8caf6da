package dev.penstock.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Limits the memory that reading an input may allocate: a multiple of its size, plus a constant for any read. */
public final class Allocation {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** Allowance for names, paths, exceptions and parser buffers. */
    private static final long ANY_READING_BYTES = 256 << 10;
    /** Repeated, because the first read also loads classes. */
    private static final int ATTEMPTS = 3;

    private Allocation() {}

    /** Reads an input, or throws if it is rejected. */
    public interface Reading<T, E extends Exception> {
        T read() throws E;
    }

    /** @throws AssertionError if every attempt allocated more than allowed */
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
            throw new AssertionError("must allocate at most " + allowed + " bytes, allocated " + taken);
        }
        return taken <= allowed;
    }
}
