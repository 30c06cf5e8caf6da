package dev.penstock.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Where the rows of a model's tensors are: which dimension of each input and output counts them. A model that is run one by one has none.
 * Its requests are one row to everybody who counts, and are never cut.
 */
public final class RowLayout {
    /** The first dimension of every tensor counts rows. */
    public static final RowLayout LEADING = new RowLayout(List.of(), List.of());

    private static final OptionalInt FIRST = OptionalInt.of(0);

    /** Both are empty when all axes are 0. */
    private final List<OptionalInt> inputAxes;

    private final List<OptionalInt> outputAxes;

    private RowLayout(List<OptionalInt> inputAxes, List<OptionalInt> outputAxes) {
        this.inputAxes = inputAxes;
        this.outputAxes = outputAxes;
    }

    public static RowLayout of(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        boolean isLeading = isLeading(inputs) && isLeading(outputs) && !inputs.isEmpty();
        return isLeading ? LEADING : new RowLayout(axes(inputs), axes(outputs));
    }

    private static boolean isLeading(List<TensorSpec> specs) {
        return specs.stream().allMatch(spec -> spec.rowAxis().equals(FIRST));
    }

    private static List<OptionalInt> axes(List<TensorSpec> specs) {
        return specs.stream().map(TensorSpec::rowAxis).toList();
    }

    /** The rows of a request, whose inputs are in the signature's order; 1 if it is run one by one. */
    public int rows(List<Tensor> inputs) {
        if (this == LEADING) {
            return Math.toIntExact(inputs.getFirst().shape().rows());
        }
        for (int i = 0; i < inputAxes.size(); i++) {
            if (inputAxes.get(i).isPresent()) {
                return Math.toIntExact(
                        inputs.get(i).shape().dimension(inputAxes.get(i).getAsInt()));
            }
        }
        return 1;
    }

    /** The inputs of some rows of a request. Inputs without rows are those of the whole request. */
    public List<Tensor> inputRows(List<Tensor> inputs, int from, int count) {
        List<Tensor> some = new ArrayList<>(inputs.size());
        for (int i = 0; i < inputs.size(); i++) {
            some.add(rows(axis(inputAxes, i), inputs.get(i), from, count));
        }
        return some;
    }

    /** Some rows of an output of a run; the whole output if it has none. */
    public Tensor outputRows(int output, Tensor tensor, int from, int count) {
        return rows(axis(outputAxes, output), tensor, from, count);
    }

    /** Puts pieces of an output together, in their order. */
    public Tensor joinedOutput(int output, List<Tensor> pieces) {
        OptionalInt axis = axis(outputAxes, output);
        return axis.isPresent() ? Tensor.joined(axis.getAsInt(), pieces) : pieces.getFirst();
    }

    /** The dimension of an output that counts rows; empty if it has none. */
    public OptionalInt outputAxis(int output) {
        return axis(outputAxes, output);
    }

    private OptionalInt axis(List<OptionalInt> axes, int index) {
        return this == LEADING ? FIRST : axes.get(index);
    }

    private static Tensor rows(OptionalInt axis, Tensor tensor, int from, int count) {
        return axis.isPresent() ? tensor.rows(axis.getAsInt(), from, count) : tensor;
    }
}
