package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.graph.SymbolicShape;
import dev.penstock.protocol.Bfloat16;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * {@code shape_buckets} in model.yaml: the sizes that variable dimensions are padded to, so that requests of different sizes can share a
 * batch.
 *
 * @param dimensions by name: the name in the model, or {@code input.index}
 */
public record ShapeBuckets(Map<String, Dimension> dimensions) {
    static final ShapeBuckets NONE = new ShapeBuckets(Map.of());

    private static final int MAX_SIZE = 1 << 20;

    /**
     * @param sizes ascending; a size above the last is not padded
     * @param isLearned whether traffic decides which of the sizes are in use
     * @param pad the padding value of each input with this dimension, by input name
     * @param mask the input that marks real positions for the model; padded with 0
     */
    public record Dimension(List<Integer> sizes, boolean isLearned, Map<String, Double> pad, Optional<String> mask) {
        public Dimension {
            sizes = List.copyOf(sizes);
            pad = Map.copyOf(pad);
        }

        private static Dimension read(YamlSection section) throws ModelRefusedException {
            List<Integer> sizes = section.integers("sizes", 1, MAX_SIZE);
            int upTo = section.integer("up_to", 1, MAX_SIZE, 0);
            if (sizes.isEmpty() && upTo == 0) {
                throw section.refused("sizes", "must list at least one integer, or set up_to instead", sizes);
            }
            if (!sizes.isEmpty() && upTo > 0) {
                throw section.refused("up_to", "must be absent when sizes is set", upTo);
            }
            Map<String, Double> pad = new HashMap<>();
            YamlSection values = section.section("pad");
            for (String input : values.keys()) {
                pad.put(input, values.number(input));
            }
            Optional<String> mask = section.text("mask");
            section.refuseUnknownKeys();
            return upTo > 0
                    ? new Dimension(LearnedBuckets.ladder(upTo), true, pad, mask)
                    : new Dimension(List.copyOf(new TreeSet<>(sizes)), false, pad, mask);
        }

        /** The smallest bucket of at least this size; the size itself if there is none. */
        long padded(long size) {
            for (int bucket : sizes) {
                if (bucket >= size) {
                    return bucket;
                }
            }
            return size;
        }
    }

    public ShapeBuckets {
        dimensions = Map.copyOf(dimensions);
    }

    static ShapeBuckets read(YamlSection section) throws ModelRefusedException {
        Map<String, Dimension> dimensions = new HashMap<>();
        for (String name : section.keys()) {
            dimensions.put(name, Dimension.read(section.section(name)));
        }
        return new ShapeBuckets(dimensions);
    }

    public boolean isEmpty() {
        return dimensions.isEmpty();
    }

    /** A new learner for each dimension whose sizes are learned. */
    Map<String, LearnedBuckets> learned() {
        Map<String, LearnedBuckets> learned = new HashMap<>();
        dimensions.forEach((name, dimension) -> {
            if (dimension.isLearned) {
                learned.put(name, new LearnedBuckets(dimension.sizes));
            }
        });
        return learned;
    }

    /** Replaces the sizes of a request by their buckets, where buckets are declared. */
    void pad(Map<String, Long> sizes) {
        dimensions.forEach((name, dimension) -> sizes.computeIfPresent(name, (same, size) -> dimension.padded(size)));
    }

    /** The bytes of one padding element, little-endian; empty if the input has no padded dimension. */
    Optional<byte[]> padding(TensorSpec input, SymbolicShape shape) {
        return dimensions.entrySet().stream()
                .filter(each -> shape.variables().contains(each.getKey()))
                .flatMap(each -> Optional.ofNullable(each.getValue().pad.get(input.name())).stream())
                .findFirst()
                .map(value -> element(input.datatype(), value));
    }

    /** @throws ModelRefusedException naming the key that does not match the model */
    public void check(OnnxGraph graph) throws ModelRefusedException {
        for (Map.Entry<String, Dimension> each : dimensions.entrySet()) {
            check(graph, "shape_buckets." + each.getKey(), each.getKey(), each.getValue());
        }
    }

    private void check(OnnxGraph graph, String path, String name, Dimension dimension) throws ModelRefusedException {
        List<TensorSpec> inputs = having(name, graph.signature().inputs(), graph.inputShapes());
        if (inputs.isEmpty()) {
            TreeSet<String> variables = new TreeSet<>();
            graph.inputShapes().forEach(shape -> variables.addAll(shape.variables()));
            throw refused(path, "must be a variable dimension of an input, one of " + variables, name);
        }
        List<String> names = inputs.stream().map(TensorSpec::name).toList();
        for (String padded : dimension.pad.keySet()) {
            if (!names.contains(padded)) {
                throw refused(path + ".pad", "must name inputs that have this dimension (" + names + ")", padded);
            }
        }
        for (TensorSpec input : inputs) {
            Double value = dimension.pad.get(input.name());
            if (value == null) {
                throw refused(path + ".pad." + input.name(), "must be the padding value of the input", "absent");
            }
            checkValue(path + ".pad." + input.name(), input, value);
        }
        Optional<String> mask = dimension.mask;
        if (mask.isPresent() && (!names.contains(mask.get()) || dimension.pad.getOrDefault(mask.get(), 1.0) != 0)) {
            throw refused(path + ".mask", "must be an input that has this dimension and is padded with 0", mask.get());
        }
        for (TensorSpec output : having(name, graph.signature().outputs(), graph.outputShapes())) {
            if (!output.datatype().isFixedSize()) {
                throw refused(path, "must not be a dimension of a BYTES output", output.name());
            }
        }
    }

    /** An input with two padded dimensions has one padding value. */
    private void checkValue(String path, TensorSpec input, double value) throws ModelRefusedException {
        for (Dimension other : dimensions.values()) {
            if (other.pad.getOrDefault(input.name(), value) != value) {
                throw refused(path, "must be the same for all dimensions of the input", value);
            }
        }
        switch (input.datatype()) {
            case BYTES -> throw refused(path, "must be for a numeric input", "BYTES");
            case FP16, BF16, FP32, FP64 -> {}
            case BOOL -> checkInteger(path, value, 0, 1);
            case INT8 -> checkInteger(path, value, Byte.MIN_VALUE, Byte.MAX_VALUE);
            case INT16 -> checkInteger(path, value, Short.MIN_VALUE, Short.MAX_VALUE);
            case INT32 -> checkInteger(path, value, Integer.MIN_VALUE, Integer.MAX_VALUE);
            case UINT8 -> checkInteger(path, value, 0, 0xff);
            case UINT16 -> checkInteger(path, value, 0, 0xffff);
            case UINT32, UINT64 -> checkInteger(path, value, 0, 0xffffffffL);
            case INT64 -> checkInteger(path, value, -(1L << 53), 1L << 53);
        }
    }

    private static void checkInteger(String path, double value, long min, long max) throws ModelRefusedException {
        if (value != Math.rint(value) || value < min || value > max) {
            throw refused(path, "must be an integer in " + min + ".." + max, value);
        }
    }

    private static List<TensorSpec> having(String name, List<TensorSpec> specs, List<SymbolicShape> shapes) {
        return specs.stream()
                .filter(spec -> shapes.get(specs.indexOf(spec)).variables().contains(name))
                .toList();
    }

    /** One number as an element of a tensor, little-endian. */
    static byte[] element(Datatype datatype, double value) {
        ByteBuffer element = ByteBuffer.allocate(datatype.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
        switch (datatype) {
            case FP16 -> element.putShort(Float.floatToFloat16((float) value));
            case BF16 -> element.putShort(Bfloat16.bits((float) value));
            case FP32 -> element.putFloat((float) value);
            case FP64 -> element.putDouble(value);
            case BOOL, INT8, UINT8 -> element.put((byte) (long) value);
            case INT16, UINT16 -> element.putShort((short) (long) value);
            case INT32, UINT32 -> element.putInt((int) (long) value);
            case INT64, UINT64 -> element.putLong((long) value);
            case BYTES -> throw new IllegalArgumentException("BYTES cannot be padded");
        }
        return element.array();
    }

    private static ModelRefusedException refused(String key, String rule, Object found) {
        return new ModelRefusedException("model.yaml: " + key + " " + rule + ", was " + found);
    }
}
