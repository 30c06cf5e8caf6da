package dev.penstock.model.config;

import dev.penstock.model.InferenceException;
import dev.penstock.model.Slot;
import dev.penstock.protocol.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** A slot of a session that does not pad, with requests that are padded before. So it runs what a session with padding would run. */
public final class PaddedSlot implements Slot {
    private final Slot slot;
    private final PaddingPlanner planner;

    /** @param slot closed with this one */
    public PaddedSlot(Slot slot, PaddingPlanner planner) {
        this.slot = slot;
        this.planner = planner;
    }

    @Override
    public void assemble(List<List<Tensor>> requests) throws InferenceException {
        slot.assemble(planner.padded(requests));
    }

    @Override
    public List<Tensor> run() throws InferenceException {
        return slot.run();
    }

    @Override
    public List<Tensor> run(long nanos, Supplier<Map<String, String>> traceHeaders) throws InferenceException {
        return slot.run(nanos, traceHeaders);
    }

    @Override
    public void close() {
        slot.close();
    }
}
