package dev.penstock.protocol;

import dev.penstock.protocol.InferenceRequest.RequestedOutput;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The inputs and outputs of a model, and how its requests are run.
 *
 * @param alternativeInputs an alternative set of inputs that a request may send instead of {@code inputs}; empty when there is none
 */
public record Signature(
        List<TensorSpec> inputs, List<TensorSpec> outputs, List<TensorSpec> alternativeInputs, RunMode mode) {

    public Signature {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        alternativeInputs = List.copyOf(alternativeInputs);
    }

    public Signature(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        this(inputs, outputs, List.of(), RunMode.BATCHED);
    }

    public Optional<TensorSpec> output(String name) {
        return named(name, outputs);
    }

    /** The most inputs that a request can have. */
    public int mostInputs() {
        return Math.max(inputs.size(), alternativeInputs.size());
    }

    /**
     * Checks that the model can run the request. Each input must appear exactly once, with its datatype and an admitted shape. All inputs
     * that have rows must have the same number. Every requested output must exist.
     *
     * @throws InvalidRequestException naming the field and the rule that it breaks
     */
    public void check(InferenceRequest request) throws InvalidRequestException {
        checkInputs(request.inputs(), accepted(request));
        checkOutputs(request.outputs());
    }

    /** The rows of a checked request; 1 if it is run one by one. */
    public long rows(InferenceRequest request) {
        for (TensorSpec spec : accepted(request)) {
            if (spec.rowAxis().isPresent()) {
                for (Tensor tensor : request.inputs()) {
                    if (tensor.name().equals(spec.name())) {
                        return rows(tensor, spec);
                    }
                }
            }
        }
        return 1;
    }

    /** The inputs of a checked request, in the order and with the ranks of this signature. */
    public List<Tensor> orderedInputs(InferenceRequest request) {
        List<Tensor> ordered = new ArrayList<>(inputs.size());
        for (TensorSpec spec : accepted(request)) {
            ordered.add(asDeclared(tensor(spec.name(), ordered.size(), request.inputs()), spec));
        }
        return ordered;
    }

    /** The tensor of this name, most likely at {@code likely}. */
    private static Tensor tensor(String name, int likely, List<Tensor> tensors) {
        if (likely < tensors.size() && tensors.get(likely).name().equals(name)) {
            return tensors.get(likely);
        }
        for (Tensor tensor : tensors) {
            if (tensor.name().equals(name)) {
                return tensor;
            }
        }
        throw new IllegalArgumentException("the request must have input '" + name + "'");
    }

    /** The set of inputs that a request sends: the alternative set if the request contains all of it. */
    private List<TensorSpec> accepted(InferenceRequest request) {
        boolean other = !alternativeInputs.isEmpty();
        for (TensorSpec spec : alternativeInputs) {
            other &= request.inputs().stream()
                    .anyMatch(given ->
                            given.name().equals(spec.name()) && spec.shape().admits(given.shape()));
        }
        return other ? alternativeInputs : inputs;
    }

    private static void checkInputs(List<Tensor> tensors, List<TensorSpec> inputs) throws InvalidRequestException {
        if (tensors.isEmpty() && !inputs.isEmpty()) {
            throw new InvalidRequestException("inputs", "must have at least one entry");
        }
        Set<String> names = new HashSet<>();
        RowCount rows = new RowCount();
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            rows.check(tensor, checkedInput(tensor, i, inputs), i);
            if (!names.add(tensor.name())) {
                throw new InvalidRequestException(
                        field("inputs", i, "name"), "must be unique, was a second '" + tensor.name() + "'");
            }
        }
        for (TensorSpec spec : inputs) {
            if (!names.contains(spec.name())) {
                throw new InvalidRequestException("inputs", "must include '" + spec.name() + "'");
            }
        }
    }

    private static TensorSpec checkedInput(Tensor tensor, int index, List<TensorSpec> inputs)
            throws InvalidRequestException {
        Optional<TensorSpec> spec = named(tensor.name(), index, inputs);
        if (spec.isEmpty()) {
            throw new InvalidRequestException(
                    field("inputs", index, "name"),
                    "must be one of " + names(inputs) + ", was '" + tensor.name() + "'");
        }
        if (tensor.datatype() != spec.get().datatype()) {
            throw new InvalidRequestException(
                    field("inputs", index, "datatype"),
                    "must be " + spec.get().datatype() + ", was " + tensor.datatype());
        }
        if (!spec.get().shape().admits(tensor.shape())
                && !isColumn(tensor, spec.get())
                && !isScalar(tensor, spec.get())) {
            throw new InvalidRequestException(
                    field("inputs", index, "shape"), "must be " + spec.get().shape() + ", was " + tensor.shape());
        }
        return spec.get();
    }

    /** Counts the rows of the first input that has rows; the others must have as many. */
    private static final class RowCount {
        private long rows;
        private int first;

        void check(Tensor tensor, TensorSpec spec, int index) throws InvalidRequestException {
            if (!spec.hasRows()) {
                return;
            }
            long found = rows(tensor, spec);
            if (found < 1) {
                throw new InvalidRequestException(field("inputs", index, "shape"), "must have at least 1 row, had 0");
            }
            if (rows == 0) {
                rows = found;
                first = index;
            } else if (found != rows) {
                throw new InvalidRequestException(
                        field("inputs", index, "shape"),
                        "must have " + rows + " rows like inputs[" + first + "], had " + found);
            }
        }
    }

    private static long rows(Tensor tensor, TensorSpec spec) {
        return tensor.shape().dimension(spec.rowAxis().orElseThrow());
    }

    /** Whether a vector was sent as a table with one column, of shape [n, 1]. Clients often send ids like this. */
    private static boolean isColumn(Tensor tensor, TensorSpec spec) {
        Shape shape = tensor.shape();
        return shape.rank() == 2 && shape.dimension(1) == 1 && spec.shape().admits(Shape.of(shape.rows()));
    }

    /** Whether a scalar was sent as a vector with one element. Some clients cannot send the shape []. */
    private static boolean isScalar(Tensor tensor, TensorSpec spec) {
        return spec.shape().rank() == 0 && tensor.shape().equals(Shape.of(1));
    }

    private static Tensor asDeclared(Tensor tensor, TensorSpec spec) {
        return switch (spec.shape().rank()) {
            case 0 -> tensor.shape().rank() == 0 ? tensor : reshaped(tensor, Shape.of());
            case 1 ->
                tensor.shape().rank() == 1
                        ? tensor
                        : reshaped(tensor, Shape.of(tensor.shape().rows()));
            default -> tensor;
        };
    }

    private static Tensor reshaped(Tensor tensor, Shape shape) {
        return new Tensor(tensor.name(), tensor.datatype(), shape, tensor.data());
    }

    private void checkOutputs(List<RequestedOutput> requested) throws InvalidRequestException {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < requested.size(); i++) {
            String name = requested.get(i).name();
            Optional<TensorSpec> spec = output(name);
            if (spec.isEmpty()) {
                throw new InvalidRequestException(
                        field("outputs", i, "name"), "must be one of " + names(outputs) + ", was '" + name + "'");
            }
            if (requested.get(i).classes().isPresent() && !spec.get().datatype().isNumeric()) {
                throw new InvalidRequestException(
                        field("outputs", i, "parameters.classification"),
                        "must be absent: '" + name + "' is " + spec.get().datatype() + ", which has no order");
            }
            if (!names.add(name)) {
                throw new InvalidRequestException(
                        field("outputs", i, "name"), "must be unique, was a second '" + name + "'");
            }
        }
    }

    /** Looks at {@code likely} first. Clients send inputs in the order of the signature, and some models have thousands. */
    private static Optional<TensorSpec> named(String name, int likely, List<TensorSpec> specs) {
        return likely < specs.size() && specs.get(likely).name().equals(name)
                ? Optional.of(specs.get(likely))
                : named(name, specs);
    }

    private static Optional<TensorSpec> named(String name, List<TensorSpec> specs) {
        for (TensorSpec spec : specs) {
            if (spec.name().equals(name)) {
                return Optional.of(spec);
            }
        }
        return Optional.empty();
    }

    private static List<String> names(List<TensorSpec> specs) {
        return specs.stream().map(TensorSpec::name).toList();
    }

    private static String field(String list, int index, String member) {
        return list + "[" + index + "]." + member;
    }
}
