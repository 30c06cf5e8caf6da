package dev.penstock.model;

import dev.penstock.protocol.Signature;

/** A loaded model, ready to run. Runs belong on one dedicated thread a session. */
public interface Session extends AutoCloseable {

    Signature signature();

    /** The execution provider in use: {@code cpu}, {@code cuda} or {@code tensorrt}. */
    String executionProvider();

    /** Opens a place for one batch. A session may have two, so that one is assembled while the other runs. */
    Slot openSlot();

    /** Gives the native memory back; every slot must be closed and idle. */
    @Override
    void close();
}
