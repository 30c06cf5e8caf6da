package dev.penstock.model;

import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A slot of one model that takes and returns what another does. It passes the inputs on in its own order, and returns the outputs that the
 * other model has, in that one's order.
 */
public final class SubstituteSlot implements Slot {
    private final Slot slot;
    private final List<Integer> inputs;
    private final List<Integer> outputs;

    /**
     * @param slot closed with this one
     * @param wanted the signature of the model that it stands in for
     * @param own that of the slot; see {@link #difference}
     */
    public SubstituteSlot(Slot slot, Signature wanted, Signature own) {
        this.slot = slot;
        this.inputs = places(own.inputs(), wanted.inputs());
        this.outputs = places(wanted.outputs(), own.outputs());
    }

    /**
     * Why a model cannot stand in for another; empty if it can. Both must have the same inputs, and the substitute all outputs of the other,
     * with the same names, datatypes, ranks and row axes. Sizes are left to the runs.
     */
    public static Optional<String> difference(Signature wanted, Signature substitute) {
        if (substitute.inputs().size() != wanted.inputs().size()) {
            return Optional.of("has " + substitute.inputs().size() + " inputs, not "
                    + wanted.inputs().size());
        }
        return difference("input", wanted.inputs(), substitute.inputs())
                .or(() -> difference("output", wanted.outputs(), substitute.outputs()));
    }

    private static Optional<String> difference(String side, List<TensorSpec> wanted, List<TensorSpec> substitute) {
        for (TensorSpec spec : wanted) {
            Optional<TensorSpec> other = substitute.stream()
                    .filter(each -> each.name().equals(spec.name()))
                    .findFirst();
            if (other.isEmpty()) {
                return Optional.of("has no " + side + " '" + spec.name() + "'");
            }
            boolean isSameAxis = spec.rowAxis().isEmpty()
                    || other.get().rowAxis().isEmpty()
                    || spec.rowAxis().equals(other.get().rowAxis());
            if (other.get().datatype() != spec.datatype()
                    || other.get().shape().rank() != spec.shape().rank()
                    || !isSameAxis) {
                return Optional.of("has " + side + " '" + spec.name() + "' as "
                        + other.get().datatype() + " of shape " + other.get().shape() + ", not " + spec.datatype()
                        + " of shape " + spec.shape());
            }
        }
        return Optional.empty();
    }

    /** Where each of the wanted tensors is among those that are there. */
    private static List<Integer> places(List<TensorSpec> wanted, List<TensorSpec> there) {
        List<String> names = there.stream().map(TensorSpec::name).toList();
        return wanted.stream().map(spec -> names.indexOf(spec.name())).toList();
    }

    private static List<Tensor> ordered(List<Tensor> tensors, List<Integer> places) {
        List<Tensor> ordered = new ArrayList<>(places.size());
        for (int place : places) {
            ordered.add(tensors.get(place));
        }
        return ordered;
    }

    @Override
    public void assemble(List<List<Tensor>> requests) throws InferenceException {
        slot.assemble(requests.stream().map(request -> ordered(request, inputs)).toList());
    }

    @Override
    public List<Tensor> run() throws InferenceException {
        return ordered(slot.run(), outputs);
    }

    @Override
    public void close() {
        slot.close();
    }
}
