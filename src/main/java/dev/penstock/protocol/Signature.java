package dev.penstock.protocol;

import dev.penstock.protocol.InferenceRequest.RequestedOutput;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a model takes and gives. Every shape's first dimension counts rows and is variable.
 *
 * @param instead other inputs that a request may bring in place of {@code inputs}, all of them; empty when there are none
 */
public record Signature(List<TensorSpec> inputs, List<TensorSpec> outputs, List<TensorSpec> instead) {

    public Signature {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        instead = List.copyOf(instead);
    }

    public Signature(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        this(inputs, outputs, List.of());
    }

    public Optional<TensorSpec> output(String name) {
        return named(name, outputs);
    }

    /**
     * Checks that the model can run the request: each input once, of its datatype and an admitted shape, all of the same rows, and
     * only outputs that there are.
     */
    public void check(InferenceRequest request) throws InvalidRequestException {
        checkInputs(request.inputs(), accepted(request));
        checkOutputs(request.outputs());
    }

    /** The inputs of a checked request in the order and the shapes of this signature. */
    public List<Tensor> ordered(InferenceRequest request) {
        List<Tensor> ordered = new ArrayList<>(inputs.size());
        for (TensorSpec spec : accepted(request)) {
            for (Tensor tensor : request.inputs()) {
                if (tensor.name().equals(spec.name())) {
                    ordered.add(asDeclared(tensor, spec));
                }
            }
        }
        return ordered;
    }

    /** The set of inputs that a request means: the other one when it brings something that only that one has, whole. */
    private List<TensorSpec> accepted(InferenceRequest request) {
        boolean other = !instead.isEmpty();
        for (TensorSpec spec : instead) {
            other &= request.inputs().stream()
                    .anyMatch(given ->
                            given.name().equals(spec.name()) && spec.shape().admits(given.shape()));
        }
        return other ? instead : inputs;
    }

    private static void checkInputs(List<Tensor> tensors, List<TensorSpec> inputs) throws InvalidRequestException {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            checkInput(tensor, tensors.get(0).shape(), i, inputs);
            if (!names.add(tensor.name())) {
                throw new InvalidRequestException(
                        field("inputs", i, "name"), "must be given once, was '" + tensor.name() + "' again");
            }
        }
        for (TensorSpec spec : inputs) {
            if (!names.contains(spec.name())) {
                throw new InvalidRequestException("inputs", "must have '" + spec.name() + "'");
            }
        }
    }

    private static void checkInput(Tensor tensor, Shape first, int index, List<TensorSpec> inputs)
            throws InvalidRequestException {
        Optional<TensorSpec> spec = named(tensor.name(), inputs);
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
            throw new InvalidRequestException(field("inputs", index, "shape"), "must have 1 row or more, had 0");
        }
        if (tensor.shape().rows() != first.rows()) {
            throw new InvalidRequestException(
                    field("inputs", index, "shape"),
                    "must have as many rows as inputs[0], which has " + first.rows() + ", had "
                            + tensor.shape().rows());
        }
    }

    /** Whether it is a vector that came as a table's only column, of shape [n,1]: ids often do. */
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
                        field("outputs", i, "name"), "must be given once, was '" + name + "' again");
            }
        }
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
