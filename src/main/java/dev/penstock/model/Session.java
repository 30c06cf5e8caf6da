package dev.penstock.model;

import dev.penstock.protocol.Signature;

/** A loaded model, ready to run. A slot belongs on one dedicated thread. */
public interface Session extends AutoCloseable {

    Signature signature();

    /** The execution provider in use: {@code cpu}, {@code cuda} or {@code tensorrt}. */
    String executionProvider();

    /** How many runs may go on at once, each on a dedicated thread: one on a GPU, whose memory grows when runs hop threads. */
    int concurrentRuns();

    /** Opens a place for one batch. A session may have two, so that one is assembled while the other runs. */
    Slot openSlot();

    /** Gives the native memory back; every slot must be closed and idle. */
    @Override
    void close();
}
