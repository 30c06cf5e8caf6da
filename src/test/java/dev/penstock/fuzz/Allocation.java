package dev.penstock.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Bounds the memory that this thread takes until it is closed: so many times an input's size, and what any reading takes. */
public final class Allocation implements AutoCloseable {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** Names, paths, exceptions, and the classes that the first reading loads. */
    private static final long ANY_READING_BYTES = 4 << 20;

    private final long allowed;
    private final long before = THREADS.getCurrentThreadAllocatedBytes();

    private Allocation(long allowed) {
        this.allowed = allowed;
    }

    public static Allocation bounded(int inputBytes, int factor) {
        return new Allocation(ANY_READING_BYTES + (long) factor * inputBytes);
    }

    /** @throws AssertionError when it was more */
    @Override
    public void close() {
        long taken = THREADS.getCurrentThreadAllocatedBytes() - before;
        if (taken > allowed) {
            throw new AssertionError("took " + taken + " bytes; allowed are " + allowed);
        }
    }
}
