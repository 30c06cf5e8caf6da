package dev.penstock.model.config;

import dev.penstock.model.InferenceException;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.graph.SymbolicShape;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds out which requests for a model fit into one batch: those of equal sizes, once padded. Thread-safe. */
public final class Fitting {
    private final OnnxGraph graph;
    private final ModelConfig config;
    private final Optional<Fit> onlyFit;
    private final Map<String, LearnedSizes> learned;

    public Fitting(OnnxGraph graph, ModelConfig config) {
        this.graph = graph;
        this.config = config;
        this.learned = config.shapeBuckets().learned();
        boolean isVariable = graph.inputShapes().stream()
                .anyMatch(shape -> !shape.variables().isEmpty());
        this.onlyFit = isVariable ? Optional.empty() : Optional.of(new Fit("any", config.maxRows(Map.of()), Map.of()));
    }

    /** @param inputs in the signature's order, each admitted by it */
    public Fit of(List<Tensor> inputs) {
        return onlyFit.orElseGet(() -> find(shapes(inputs), true));
    }

    /**
     * Learns nothing from it.
     *
     * @param inputs in the signature's order, each admitted by it
     */
    public Fit ofShapes(List<Shape> inputs) {
        return onlyFit.orElseGet(() -> find(inputs, false));
    }

    private static List<Shape> shapes(List<Tensor> inputs) {
        return inputs.stream().map(Tensor::shape).toList();
    }

    private Fit find(List<Shape> inputs, boolean learns) {
        Map<String, Long> own = new HashMap<>();
        if (bind(inputs, own).isPresent()) {
            // Its run will fail, with the reason; until then it keeps to others of the same mistake.
            return new Fit(inputs.stream().map(shape -> shape.withRows(1)).toList(), 1, Map.of());
        }
        Map<String, Long> padded = new HashMap<>(own);
        config.shapeBuckets().pad(padded);
        if (learns) {
            long rows = inputs.getFirst().rows();
            learned.forEach((name, sizes) -> padded.computeIfPresent(name, (same, size) -> sizes.pad(size, rows)));
        }
        boolean isOwn = padded.equals(own) && learned.isEmpty();
        return new Fit(Map.copyOf(padded), config.maxRows(padded), isOwn ? Map.of() : ownOutputs(own, padded));
    }

    private Map<String, Shape> ownOutputs(Map<String, Long> own, Map<String, Long> padded) {
        Map<String, Shape> shapes = new HashMap<>();
        for (int i = 0; i < graph.outputShapes().size(); i++) {
            Optional<Shape> row = graph.outputShapes().get(i).resolve(1, own);
            boolean isOwn = row.equals(graph.outputShapes().get(i).resolve(1, padded));
            if (row.isPresent() && !(isOwn && learned.isEmpty())) {
                shapes.put(graph.signature().outputs().get(i).name(), row.get());
            }
        }
        return shapes;
    }

    /**
     * The sizes of the batch's variable dimensions. Where they are learned, each request may come with another: the largest holds all, and
     * is no larger than the one under which they were brought together.
     */
    public Map<String, Long> batchSizes(List<List<Tensor>> requests) throws InferenceException {
        Map<String, Long> sizes = sizes(requests.getFirst());
        if (!learned.isEmpty()) {
            for (List<Tensor> request : requests.subList(1, requests.size())) {
                sizes(request).forEach((name, size) -> sizes.merge(name, size, Math::max));
            }
        }
        return sizes;
    }

    private Map<String, Long> sizes(List<Tensor> inputs) throws InferenceException {
        Map<String, Long> sizes = new HashMap<>();
        Optional<String> conflict = bind(shapes(inputs), sizes);
        if (conflict.isPresent()) {
            throw new InferenceException(InferenceException.Kind.FAILED, conflict.get());
        }
        config.shapeBuckets().pad(sizes);
        return sizes;
    }

    /** Notes the request's own sizes. Answers what is wrong with them, if something is. */
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

    /** What fills up one element of an input; empty when that input is never padded. */
    public Optional<byte[]> padding(int input) {
        return config.shapeBuckets()
                .padding(
                        graph.signature().inputs().get(input),
                        graph.inputShapes().get(input));
    }
}
