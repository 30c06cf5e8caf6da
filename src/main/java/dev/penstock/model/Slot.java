package dev.penstock.model;

import dev.penstock.protocol.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Buffers for one batch at a time, reused from batch to batch. One thread may call {@code assemble} and another {@code run}, but never
 * at the same time. After a failed batch the slot can be used again.
 */
public interface Slot extends AutoCloseable {

    /**
     * Copies the inputs of all requests, in order, into the buffers and pads them to the shape of the batch.
     *
     * @param requests the inputs of each request, in signature order. All requests must have the same batch key: after padding, all
     *     dimensions except the rows are equal
     * @throws InferenceException if a value cannot be passed to the model, or a buffer cannot be allocated
     */
    void assemble(List<List<Tensor>> requests) throws InferenceException;

    /**
     * Runs the assembled batch.
     *
     * @return the outputs in signature order, with the rows of all requests, padded like the inputs. They are views of the buffers: valid
     *     until the next {@code assemble}
     * @throws InferenceException if the run fails
     */
    List<Tensor> run() throws InferenceException;

    /**
     * Runs the assembled batch as {@link #run()} does. A run that is elsewhere is given up at the end of the time; one on this machine
     * cannot be.
     *
     * @param nanos the time from now after which nobody waits for the outputs
     * @param traceHeaders the trace headers for another process, by name. Only a run that is elsewhere asks for them, once, when it begins
     */
    default List<Tensor> run(long nanos, Supplier<Map<String, String>> traceHeaders) throws InferenceException {
        return run();
    }

    @Override
    void close();
}
