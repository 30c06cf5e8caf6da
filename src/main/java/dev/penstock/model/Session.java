package dev.penstock.model;

import dev.penstock.protocol.Signature;

/** A loaded model, ready to run. Each of its slots must run on one dedicated thread. */
public interface Session extends AutoCloseable {

    Signature signature();

    /** The execution provider in use: {@code cpu}, {@code cuda} or {@code tensorrt}. */
    String executionProvider();

    /** The number of runs that may execute concurrently, each on a dedicated thread. On a GPU it is 1: memory grows when runs change threads. */
    int concurrentRuns();

    /** Opens the buffers for one batch. With two slots, one batch is assembled while the other runs. */
    Slot openSlot();

    /** Frees the native memory. All slots must be idle and closed. */
    @Override
    void close();
}
