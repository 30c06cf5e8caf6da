package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.protocol.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The shapes to run before a model is announced: {@code warm_up} of model.yaml. Each new shape may cost a search for kernels, which no
 * request should pay for.
 *
 * <p>Every bucket of {@code shape_buckets} is run too, whatever {@code sizes} says.
 *
 * @param rows row counts; when empty, one row and a full batch
 * @param sizes sizes of the other variable dimensions by name: the model's own, or {@code input.index}; {@value #DEFAULT_SIZE} for the rest
 */
public record WarmUp(List<Integer> rows, Map<String, List<Integer>> sizes) {

    /** One run: that many rows, and these sizes of the variable dimensions. */
    public record Run(int rows, Map<String, Long> sizes) {
        @Override
        public String toString() {
            return rows + " rows" + (sizes.isEmpty() ? "" : " and " + sizes);
        }
    }

    private static final int MOST_RUNS = 256;
    private static final int MOST_SIZE = 1 << 20;

    /** Small enough for every sequence model, large enough for the usual five halvings of an image model. */
    private static final int DEFAULT_SIZE = 32;

    public WarmUp {
        rows = List.copyOf(rows);
        sizes = Map.copyOf(sizes);
    }

    static WarmUp read(YamlSection section, int maxBatchSize) throws ModelRefusedException {
        List<Integer> rows = section.integers("rows", 1, maxBatchSize);
        Map<String, List<Integer>> sizes = new HashMap<>();
        YamlSection named = section.section("sizes");
        long runs = Math.max(2, rows.size());
        for (String name : named.keys()) {
            List<Integer> values = named.integers(name, 1, MOST_SIZE);
            if (values.isEmpty()) {
                throw named.refused(name, "must be a list of at least one integer", values);
            }
            sizes.put(name, values);
            runs *= values.size();
            if (runs > MOST_RUNS) {
                throw section.refused("sizes", "must make at most " + MOST_RUNS + " runs with rows", runs);
            }
        }
        section.refuseUnread();
        return new WarmUp(rows, sizes);
    }

    /** Every row count with every combination of sizes; the last run is the largest. */
    public List<Run> runs(OnnxGraph graph, ModelConfig config) throws ModelRefusedException {
        TreeSet<String> variables = variables(graph);
        for (String name : sizes.keySet()) {
            if (!variables.contains(name)) {
                throw new ModelRefusedException("model.yaml: warm_up.sizes." + name
                        + " is no variable dimension of the model; it has " + variables);
            }
        }
        List<Map<String, Long>> combinations = List.of(Map.of());
        for (String name : variables) {
            TreeSet<Integer> sizesOfDimension = sizesOf(name, config.shapeBuckets());
            // Before they are made: a model.yaml of a few lines could ask for billions.
            refuseMoreThanMost((long) combinations.size() * sizesOfDimension.size());
            List<Map<String, Long>> longer = new ArrayList<>();
            for (Map<String, Long> combination : combinations) {
                for (int size : sizesOfDimension) {
                    Map<String, Long> extended = new LinkedHashMap<>(combination);
                    extended.put(name, (long) size);
                    longer.add(extended);
                }
            }
            combinations = longer;
        }
        List<Run> runs = new ArrayList<>();
        for (Map<String, Long> combination : combinations) {
            int most = config.maxRows(combination);
            TreeSet<Integer> counts = new TreeSet<>();
            for (int count : rows.isEmpty() ? List.of(1, most) : rows) {
                counts.add(Math.min(count, most));
            }
            counts.forEach(count -> runs.add(new Run(count, combination)));
        }
        refuseMoreThanMost(runs.size());
        return runs;
    }

    private static void refuseMoreThanMost(long runs) throws ModelRefusedException {
        if (runs > MOST_RUNS) {
            throw new ModelRefusedException("model.yaml: shape_buckets and warm_up must make at most " + MOST_RUNS
                    + " runs before the model is ready, made " + runs);
        }
    }

    /** The most rows that a run may have, each of the largest sizes. */
    public Run largest(OnnxGraph graph, ModelConfig config) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        variables(graph)
                .forEach(name -> sizes.put(
                        name, (long) sizesOf(name, config.shapeBuckets()).last()));
        return new Run(config.maxBatchSize(), sizes);
    }

    /** As many of the largest rows as may run together. */
    public Run fullBatch(OnnxGraph graph, ModelConfig config) {
        Run largest = largest(graph, config);
        return new Run(config.maxRows(largest.sizes()), largest.sizes());
    }

    /** One row at the smallest sizes. */
    public Run smallest(OnnxGraph graph, ModelConfig config) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        variables(graph)
                .forEach(name -> sizes.put(
                        name, (long) sizesOf(name, config.shapeBuckets()).first()));
        return new Run(1, sizes);
    }

    /** The inputs' shapes in that run, in signature order. */
    public static List<Shape> inputShapes(OnnxGraph graph, Run run) {
        return graph.inputShapes().stream()
                .map(shape -> shape.resolve(run.rows(), run.sizes()).orElseThrow())
                .toList();
    }

    private TreeSet<Integer> sizesOf(String name, ShapeBuckets buckets) {
        TreeSet<Integer> all = new TreeSet<>(sizes.getOrDefault(name, List.of()));
        ShapeBuckets.Dimension bucketed = buckets.dimensions().get(name);
        if (bucketed != null) {
            all.addAll(bucketed.sizes());
        }
        if (all.isEmpty()) {
            all.add(DEFAULT_SIZE);
        }
        return all;
    }

    private static TreeSet<String> variables(OnnxGraph graph) {
        TreeSet<String> variables = new TreeSet<>();
        graph.inputShapes().forEach(shape -> variables.addAll(shape.variables()));
        return variables;
    }
}
