package dev.penstock.model.config;

import dev.penstock.model.InferenceException;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.graph.SymbolicShape;
import dev.penstock.protocol.RowLayout;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** Decides how requests for a model are padded, and so which of them may share a batch: those of equal padded sizes. Thread-safe. */
public final class PaddingPlanner {
    private final OnnxGraph graph;
    private final ModelConfig config;
    private final Optional<PaddingPlan> onlyPlan;
    private final Map<String, LearnedBuckets> learned;
    private final RowLayout layout;
    private final List<Integer> sharedInputs;

    public PaddingPlanner(OnnxGraph graph, ModelConfig config) {
        this.graph = graph;
        this.config = config;
        this.learned = config.shapeBuckets().learned();
        boolean isVariable = graph.inputShapes().stream()
                .anyMatch(shape -> !shape.variables().isEmpty());
        this.layout = RowLayout.of(graph.signature().inputs(), graph.signature().outputs());
        this.sharedInputs = sharedInputs(graph.signature());
        this.onlyPlan = isVariable
                ? Optional.empty()
                : Optional.of(new PaddingPlan("any", config.maxRows(Map.of()), Map.of(), layout));
    }

    /** The inputs that must be equal for requests to share a run: those without rows, unless no request shares a run. */
    private static List<Integer> sharedInputs(Signature signature) {
        return IntStream.range(0, signature.inputs().size())
                .filter(i -> !signature.mode().isOneByOne()
                        && !signature.inputs().get(i).hasRows())
                .boxed()
                .toList();
    }

    /** @param inputs in signature order, each admitted by the signature */
    public PaddingPlan plan(List<Tensor> inputs) {
        PaddingPlan plan = onlyPlan.orElseGet(() -> find(shapes(inputs), true));
        return sharedInputs.isEmpty()
                ? plan
                : plan.within(SharedInputs.key(
                        plan.batchKey(), sharedInputs.stream().map(inputs::get).toList()));
    }

    /**
     * Like {@link #plan}, but the shapes do not count as traffic for learned sizes.
     *
     * @param inputs in signature order, each admitted by the signature
     */
    public PaddingPlan planWithoutLearning(List<Shape> inputs) {
        return onlyPlan.orElseGet(() -> find(inputs, false));
    }

    private static List<Shape> shapes(List<Tensor> inputs) {
        return inputs.stream().map(Tensor::shape).toList();
    }

    private PaddingPlan find(List<Shape> inputs, boolean learns) {
        Map<String, Long> own = new HashMap<>();
        if (bind(inputs, own).isPresent()) {
            // The run will fail with the reason. Until then the request shares batches only with equally invalid ones.
            return new PaddingPlan(List.copyOf(inputs), 1, Map.of(), layout);
        }
        Map<String, Long> padded = new HashMap<>(own);
        config.shapeBuckets().pad(padded);
        if (learns) {
            long rows = rows(inputs);
            learned.forEach((name, sizes) -> padded.computeIfPresent(name, (same, size) -> sizes.pad(size, rows)));
        }
        boolean isUnpadded = padded.equals(own) && learned.isEmpty();
        return new PaddingPlan(
                Map.copyOf(padded),
                config.maxRows(padded),
                isUnpadded ? Map.of() : unpaddedOutputs(own, padded),
                layout);
    }

    private long rows(List<Shape> inputs) {
        for (int i = 0; i < inputs.size(); i++) {
            OptionalInt axis = graph.inputShapes().get(i).rowAxis();
            if (axis.isPresent()) {
                return inputs.get(i).dimension(axis.getAsInt());
            }
        }
        return 1;
    }

    private Map<String, Shape> unpaddedOutputs(Map<String, Long> own, Map<String, Long> padded) {
        Map<String, Shape> shapes = new HashMap<>();
        for (int i = 0; i < graph.outputShapes().size(); i++) {
            Optional<Shape> row = graph.outputShapes().get(i).resolve(1, own);
            boolean isUnpadded = row.equals(graph.outputShapes().get(i).resolve(1, padded));
            if (row.isPresent() && !(isUnpadded && learned.isEmpty())) {
                shapes.put(graph.signature().outputs().get(i).name(), row.get());
            }
        }
        return shapes;
    }

    /**
     * The sizes of the variable dimensions of a batch, after padding. With learned sizes, requests of one batch may differ; the batch takes
     * the largest, which never exceeds the size in the batch key.
     *
     * @throws InferenceException if the inputs of a request disagree on the size of a dimension
     */
    public Map<String, Long> batchSizes(List<List<Tensor>> requests) throws InferenceException {
        if (onlyPlan.isPresent()) {
            return Map.of();
        }
        Map<String, Long> sizes = sizes(requests.getFirst());
        if (!learned.isEmpty()) {
            for (List<Tensor> request : requests.subList(1, requests.size())) {
                sizes(request).forEach((name, size) -> sizes.merge(name, size, Math::max));
            }
        }
        return sizes;
    }

    /**
     * The inputs of a batch, each padded to its sizes, for a session that does not pad.
     *
     * @throws InferenceException if the inputs of a request disagree on the size of a dimension
     */
    List<List<Tensor>> padded(List<List<Tensor>> requests) throws InferenceException {
        if (config.shapeBuckets().isEmpty()) {
            return requests;
        }
        Map<String, Long> sizes = batchSizes(requests);
        return requests.stream().map(inputs -> padded(inputs, sizes)).toList();
    }

    private List<Tensor> padded(List<Tensor> inputs, Map<String, Long> sizes) {
        List<Tensor> padded = new ArrayList<>(inputs.size());
        for (int i = 0; i < inputs.size(); i++) {
            padded.add(padded(i, inputs.get(i), sizes));
        }
        return padded;
    }

    private Tensor padded(int index, Tensor input, Map<String, Long> sizes) {
        Optional<byte[]> element = padding(index);
        Optional<Shape> place = graph.inputShapes().get(index).resolve(1, sizes);
        if (element.isEmpty() || place.isEmpty()) {
            return input;
        }
        OptionalInt axis = graph.signature().inputs().get(index).rowAxis();
        Shape ofRows = axis.isPresent()
                ? place.get().with(axis.getAsInt(), input.shape().dimension(axis.getAsInt()))
                : place.get();
        return input.padded(ofRows, element.get());
    }

    private Map<String, Long> sizes(List<Tensor> inputs) throws InferenceException {
        Map<String, Long> sizes = new HashMap<>();
        Optional<String> conflict = bind(shapes(inputs), sizes);
        if (conflict.isPresent() && graph.signature().mode().isOneByOne()) {
            return Map.of(); // equal names need not mean equal sizes: the runtime judges
        }
        if (conflict.isPresent()) {
            throw new InferenceException(InferenceException.Kind.FAILED, conflict.get());
        }
        config.shapeBuckets().pad(sizes);
        return sizes;
    }

    /** Adds the request's own sizes to {@code sizes}. Returns an error message if they conflict. */
    private Optional<String> bind(List<Shape> inputs, Map<String, Long> sizes) {
        for (int i = 0; i < inputs.size(); i++) {
            SymbolicShape declared = graph.inputShapes().get(i);
            if (declared.bind(inputs.get(i), sizes).isPresent()) {
                String name = graph.signature().inputs().get(i).name();
                return Optional.of("input '" + name + "' of shape " + inputs.get(i)
                        + " must agree with the other inputs on " + declared.variables());
            }
        }
        return Optional.empty();
    }

    /** The bytes of one padding element of an input; empty if the input is never padded. */
    public Optional<byte[]> padding(int input) {
        return config.shapeBuckets()
                .padding(
                        graph.signature().inputs().get(input),
                        graph.inputShapes().get(input));
    }
}
