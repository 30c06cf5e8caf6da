package dev.penstock.model;

import dev.penstock.protocol.Tensor;
import java.util.List;

/**
 * Reused buffers for one batch at a time. {@code assemble} may be called by another thread than {@code run}, never at the same time.
 * A batch that fails leaves the slot as good as new.
 */
public interface Slot extends AutoCloseable {

    /**
     * Copies the inputs of all requests, one after the other, into reused buffers, and pads them there as {@code Fitting} says.
     *
     * @param requests for each request its inputs in signature order; all of one batch key: the same dimensions, once padded, but for the
     *     rows
     * @throws InferenceException when a value cannot be handed to the model, or the buffers cannot be had
     */
    void assemble(List<List<Tensor>> requests) throws InferenceException;

    /** Runs all rows. Outputs come in signature order, padded as the inputs were, as views of reused buffers: valid until the next {@code assemble}. */
    List<Tensor> run() throws InferenceException;

    @Override
    void close();
}
