package dev.penstock.model.config;

import dev.penstock.model.InferenceException;
import dev.penstock.model.Slot;
import dev.penstock.protocol.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A slot of a session that pads, for requests of equal sizes whose sender knows nothing of the padding: its outputs are without it. */
public final class CroppedSlot implements Slot {
    private final Slot slot;
    private final PaddingPlanner planner;
    private List<List<Tensor>> batch = List.of();

    /** @param slot closed with this one */
    public CroppedSlot(Slot slot, PaddingPlanner planner) {
        this.slot = slot;
        this.planner = planner;
    }

    @Override
    public void assemble(List<List<Tensor>> requests) throws InferenceException {
        batch = requests;
        slot.assemble(requests);
    }

    @Override
    public List<Tensor> run() throws InferenceException {
        List<Tensor> padded = slot.run();
        PaddingPlan plan = planner.planWithoutLearning(
                batch.getFirst().stream().map(Tensor::shape).toList());
        int rows = batch.stream().mapToInt(plan.layout()::rows).sum();
        List<Tensor> outputs = new ArrayList<>(padded.size());
        for (int i = 0; i < padded.size(); i++) {
            outputs.add(plan.output(i, padded.get(i), 0, rows));
        }
        return outputs;
    }

    @Override
    public void close() {
        slot.close();
    }
}
