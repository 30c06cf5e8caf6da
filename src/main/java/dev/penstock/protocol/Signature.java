package dev.penstock.protocol;

import dev.penstock.protocol.InferenceRequest.RequestedOutput;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The inputs and outputs of a model. The first dimension of every shape counts rows and is variable.
 *
 * @param alternativeInputs an alternative set of inputs that a request may send instead of {@code inputs}; empty when there is none
 */
public record Signature(List<TensorSpec> inputs, List<TensorSpec> outputs, List<TensorSpec> alternativeInputs) {

    public Signature {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        alternativeInputs = List.copyOf(alternativeInputs);
    }

    public Signature(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        this(inputs, outputs, List.of());
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
     * must have the same number of rows. Every requested output must exist.
     *
     * @throws InvalidRequestException naming the field and the rule that it breaks
     */
    public void check(InferenceRequest request) throws InvalidRequestException {
        checkInputs(request.inputs(), accepted(request));
        checkOutputs(request.outputs());
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
        Set<String> names = new HashSet<>();
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            checkInput(tensor, tensors.get(0).shape(), i, inputs);
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

    private static void checkInput(Tensor tensor, Shape first, int index, List<TensorSpec> inputs)
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
        if (!spec.get().shape().admits(tensor.shape()) && !isColumn(tensor, spec.get())) {
            throw new InvalidRequestException(
                    field("inputs", index, "shape"), "must be " + spec.get().shape() + ", was " + tensor.shape());
        }
        if (tensor.shape().rows() < 1) {
            throw new InvalidRequestException(field("inputs", index, "shape"), "must have at least 1 row, had 0");
        }
        if (tensor.shape().rows() != first.rows()) {
            throw new InvalidRequestException(
                    field("inputs", index, "shape"),
                    "must have " + first.rows() + " rows like inputs[0], had "
                            + tensor.shape().rows());
        }
    }

    /** Whether a vector was sent as a table with one column, of shape [n, 1]. Clients often send ids like this. */
    private static boolean isColumn(Tensor tensor, TensorSpec spec) {
        Shape shape = tensor.shape();
        return shape.rank() == 2 && shape.dimension(1) == 1 && spec.shape().admits(Shape.of(shape.rows()));
    }

    private static Tensor asDeclared(Tensor tensor, TensorSpec spec) {
        return tensor.shape().rank() == spec.shape().rank()
                ? tensor
                : new Tensor(
                        tensor.name(),
                        tensor.datatype(),
                        Shape.of(tensor.shape().rows()),
                        tensor.data());
    }

    private void checkOutputs(List<RequestedOutput> requested) throws InvalidRequestException {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < requested.size(); i++) {
            String name = requested.get(i).name();
            if (output(name).isEmpty()) {
                throw new InvalidRequestException(
                        field("outputs", i, "name"), "must be one of " + names(outputs) + ", was '" + name + "'");
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
