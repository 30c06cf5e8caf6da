package dev.penstock.model.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * {@code warm_up} in model.yaml: the shapes to run before a model is announced. The first run of a shape may search for kernels; no
 * request should wait for that. On a CPU the rows of a run grow within a budget of time and memory.
 *
 * <p>Every bucket of {@code shape_buckets} is run too, in addition to {@code sizes}.
 *
 * @param isOn false for {@code warm_up: off}: nothing is run
 * @param rows row counts; if empty, one row and a full batch
 * @param sizes sizes of the other variable dimensions, by the name in the model or {@code input.index}. Dimensions without sizes and
 *     buckets run with {@value #DEFAULT_SIZE}
 * @param values the elements of inputs, by name, repeated as often as needed. Inputs without values get made-up ones
 * @param budget of a session's warm-up on a CPU
 */
public record WarmUp(
        boolean isOn,
        List<Integer> rows,
        Map<String, List<Integer>> sizes,
        Map<String, List<Element>> values,
        Budget budget) {

    /**
     * What the runs may take. A run that would probably take more is left out. The default time keeps the start of a worker short, and
     * the default memory is far below that of a machine.
     *
     * @param time {@code time}
     * @param memoryBytes {@code memory}: memory that runs take in addition to the loaded model
     */
    public record Budget(Duration time, long memoryBytes) {
        static final Budget DEFAULT = new Budget(Duration.ofSeconds(10), 1L << 30);
        private static final long MAX_MEMORY_BYTES = 1L << 40;

        static Budget read(YamlSection section) throws ModelRefusedException {
            return new Budget(
                    section.duration("time", Duration.ofMillis(1), Duration.ofHours(1))
                            .orElse(DEFAULT.time),
                    section.bytes("memory", 1, MAX_MEMORY_BYTES).orElse(DEFAULT.memoryBytes));
        }
    }

    /** One element of an input: a number, or text for BYTES. */
    public record Element(double number, String text) {
        /** The element as the datatype has it; for BYTES with its length before it. */
        public byte[] bytes(Datatype datatype) {
            if (datatype != Datatype.BYTES) {
                return ShapeBuckets.element(datatype, number);
            }
            byte[] utf8 = text.getBytes(UTF_8);
            return ByteBuffer.allocate(Integer.BYTES + utf8.length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(utf8.length)
                    .put(utf8)
                    .array();
        }
    }

    /** The shape of one run: its rows, and the sizes of the other variable dimensions by name. */
    public record Run(int rows, Map<String, Long> sizes) {
        @Override
        public String toString() {
            return rows + " rows" + (sizes.isEmpty() ? "" : " and " + sizes);
        }
    }

    private static final int MAX_RUNS = 256;
    private static final int MAX_SIZE = 1 << 20;

    /** Small enough for every sequence model, and large enough for an image model that halves its input five times. */
    private static final int DEFAULT_SIZE = 32;

    public WarmUp {
        rows = List.copyOf(rows);
        sizes = Map.copyOf(sizes);
        values = Map.copyOf(values);
    }

    /** Without values, and with the default budget. */
    public WarmUp(List<Integer> rows, Map<String, List<Integer>> sizes) {
        this(true, rows, sizes, Map.of(), Budget.DEFAULT);
    }

    /** The mapping {@code warm_up}, or {@code warm_up: off}. */
    static WarmUp of(YamlSection config, int maxBatchSize) throws ModelRefusedException {
        if (config.isOff("warm_up")) {
            return new WarmUp(false, List.of(), Map.of(), Map.of(), Budget.DEFAULT);
        }
        return read(config.section("warm_up"), maxBatchSize);
    }

    static WarmUp read(YamlSection section, int maxBatchSize) throws ModelRefusedException {
        List<Integer> rows = section.integers("rows", 1, maxBatchSize);
        Map<String, List<Integer>> sizes = new HashMap<>();
        YamlSection named = section.section("sizes");
        long runs = Math.max(2, rows.size());
        for (String name : named.keys()) {
            List<Integer> values = named.integers(name, 1, MAX_SIZE);
            if (values.isEmpty()) {
                throw named.refused(name, "must list at least one integer", values);
            }
            sizes.put(name, values);
            runs *= values.size();
            if (runs > MAX_RUNS) {
                throw section.refused("sizes", "must make at most " + MAX_RUNS + " runs together with rows", runs);
            }
        }
        Map<String, List<Element>> elements = new HashMap<>();
        YamlSection given = section.section("values");
        for (String input : given.keys()) {
            elements.put(input, given.elements(input));
        }
        Budget budget = Budget.read(section);
        section.refuseUnknownKeys();
        return new WarmUp(true, rows, sizes, elements, budget);
    }

    /** The same sizes for a model whose requests do not share runs. */
    WarmUp oneByOne() {
        return new WarmUp(isOn, List.of(), sizes, values, budget);
    }

    /**
     * Every row count with every combination of sizes; the last run is the largest.
     *
     * @throws ModelRefusedException if a dimension is unknown, or there are more than {@value #MAX_RUNS} runs
     */
    public List<Run> runs(OnnxGraph graph, ModelConfig config) throws ModelRefusedException {
        TreeSet<String> variables = variables(graph);
        for (String name : sizes.keySet()) {
            if (!variables.contains(name)) {
                throw new ModelRefusedException("model.yaml: warm_up.sizes." + name
                        + " must be a variable dimension of the model, one of " + variables);
            }
        }
        checkValues(graph.signature().inputs());
        List<Map<String, Long>> combinations = List.of(Map.of());
        for (String name : variables) {
            TreeSet<Integer> sizesOfDimension = sizesOf(name, config.shapeBuckets());
            // Checked before the list is built: a model.yaml of a few lines could ask for billions of runs.
            refuseTooMany((long) combinations.size() * sizesOfDimension.size());
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
        refuseTooMany(runs.size());
        return runs;
    }

    private void checkValues(List<TensorSpec> inputs) throws ModelRefusedException {
        List<String> names = inputs.stream().map(TensorSpec::name).toList();
        for (String name : values.keySet()) {
            if (!names.contains(name)) {
                throw new ModelRefusedException(
                        "model.yaml: warm_up.values." + name + " must be an input of the model, one of " + names);
            }
        }
        for (TensorSpec input : inputs) {
            for (Element element : values.getOrDefault(input.name(), List.of())) {
                if (input.datatype() != Datatype.BYTES && Double.isNaN(element.number)) {
                    throw new ModelRefusedException("model.yaml: warm_up.values." + input.name()
                            + " must be numbers for " + input.datatype() + ", was " + element.text);
                }
            }
        }
    }

    private static void refuseTooMany(long runs) throws ModelRefusedException {
        if (runs > MAX_RUNS) {
            throw new ModelRefusedException("model.yaml: shape_buckets and warm_up must make at most " + MAX_RUNS
                    + " runs before the model is ready, made " + runs);
        }
    }

    /** A run of {@code max_batch_size} rows of the largest sizes. */
    public Run largest(OnnxGraph graph, ModelConfig config) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        variables(graph)
                .forEach(name -> sizes.put(
                        name, (long) sizesOf(name, config.shapeBuckets()).last()));
        return new Run(config.rowsPerRun(), sizes);
    }

    /** As many rows of the largest sizes as may run together. */
    public Run fullBatch(OnnxGraph graph, ModelConfig config) {
        Run largest = largest(graph, config);
        return new Run(config.maxRows(largest.sizes()), largest.sizes());
    }

    /** One row of the smallest sizes. */
    public Run smallest(OnnxGraph graph, ModelConfig config) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        variables(graph)
                .forEach(name -> sizes.put(
                        name, (long) sizesOf(name, config.shapeBuckets()).first()));
        return new Run(1, sizes);
    }

    /** The shapes of the inputs in a run, in signature order. */
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
