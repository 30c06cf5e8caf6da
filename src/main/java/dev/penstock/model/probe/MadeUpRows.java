package dev.penstock.model.probe;

import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;

/** Made-up rows of a model's inputs: unequal, and the same each time they are made. Inputs without rows are equal for all. */
final class MadeUpRows {
    private static final long SEED = 20_261_128;
    private static final List<String> NUMBERS = List.of("1", "2", "7", "12", "0.5");

    private final OnnxGraph graph;
    private final Map<String, Long> sizes;
    private final Values values;

    /** The distribution of floating-point numbers. */
    enum Floats {
        /** Around 0, as features and embeddings are. */
        NORMAL,
        /** Of all magnitudes: decision trees compare with numbers of any size. */
        WIDE,
        /** Between 0 and 1, as pixels and probabilities are. */
        UNIT
    }

    /**
     * The values of one attempt.
     *
     * @param least of integers, which may be indexes of a small table
     * @param most of integers
     * @param words whether strings are those that the model knows, or numbers
     */
    record Values(Floats floats, int least, int most, boolean words) {
        Values with(Floats other) {
            return new Values(other, least, most, words);
        }
    }

    /** @param sizes of the variable dimensions that do not count rows */
    MadeUpRows(OnnxGraph graph, Map<String, Long> sizes, Values values) {
        this.graph = graph;
        this.sizes = sizes;
        this.values = values;
    }

    MadeUpRows with(Floats floats) {
        return new MadeUpRows(graph, sizes, values.with(floats));
    }

    /** The bytes of one row. Strings count as 8 bytes. */
    double rowBytes() {
        double bytes = 0;
        for (int i = 0; i < graph.inputShapes().size(); i++) {
            double ofInput =
                    Math.max(8, graph.signature().inputs().get(i).datatype().byteSize());
            for (long dimension : shape(i).toArray()) {
                ofInput *= dimension;
            }
            bytes += ofInput;
        }
        return bytes;
    }

    /** The inputs of one row, in signature order. */
    List<Tensor> row(int row) {
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < graph.inputShapes().size(); i++) {
            TensorSpec spec = graph.signature().inputs().get(i);
            inputs.add(tensor(spec, shape(i), spec.hasRows() ? row : 0, i));
        }
        return inputs;
    }

    /** The inputs of a request with these rows. */
    List<Tensor> rows(List<Integer> rows) {
        List<List<Tensor>> each = rows.stream().map(this::row).toList();
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < graph.inputShapes().size(); i++) {
            TensorSpec spec = graph.signature().inputs().get(i);
            int input = i;
            inputs.add(
                    spec.hasRows()
                            ? Tensor.joined(
                                    spec.rowAxis().getAsInt(),
                                    each.stream().map(row -> row.get(input)).toList())
                            : each.getFirst().get(i));
        }
        return inputs;
    }

    private Shape shape(int input) {
        return graph.inputShapes().get(input).resolve(1, sizes).orElseThrow();
    }

    private Tensor tensor(TensorSpec spec, Shape shape, int row, int input) {
        Random random = new Random(SEED + 1000L * row + input);
        int elements = Math.toIntExact(shape.elements());
        if (spec.datatype() == Datatype.BYTES) {
            return new Tensor(spec.name(), spec.datatype(), shape, strings(elements, row, random));
        }
        ByteBuffer data = ByteBuffer.allocate(
                        Math.multiplyExact(elements, spec.datatype().byteSize()))
                .order(ByteOrder.LITTLE_ENDIAN);
        Range range = range(spec.name());
        int choices = range.most - range.least + 1;
        for (int i = 0; i < elements; i++) {
            // The first element tells the rows apart, even if there are few elements or values.
            int integer = range.least + (i == 0 ? row : random.nextInt(choices)) % choices;
            switch (spec.datatype()) {
                case BOOL -> data.put((byte) (integer & 1));
                case INT8, UINT8 -> data.put((byte) integer);
                case INT16, UINT16 -> data.putShort((short) integer);
                case INT32, UINT32 -> data.putInt(integer);
                case INT64, UINT64 -> data.putLong(integer);
                case FP16 -> data.putShort(Float.floatToFloat16((float) number(random)));
                case BF16 -> data.putShort((short) (Float.floatToIntBits((float) number(random)) >>> 16));
                case FP32 -> data.putFloat((float) number(random));
                case FP64 -> data.putDouble(number(random));
                case BYTES -> throw new IllegalStateException("strings are made elsewhere");
            }
        }
        return new Tensor(spec.name(), spec.datatype(), shape, data.flip());
    }

    /** Exporters of transformers use these names. Their type tables have two entries, and without its mask a text has no words. */
    private Range range(String input) {
        if (input.contains("attention_mask")) {
            return new Range(1, 1);
        }
        return input.contains("token_type") ? new Range(0, 1) : new Range(values.least, values.most);
    }

    private record Range(int least, int most) {}

    private double number(RandomGenerator random) {
        return switch (values.floats) {
            case NORMAL -> random.nextGaussian();
            case WIDE -> Math.pow(10, random.nextDouble(-2, 4)) * (random.nextInt(4) == 0 ? -1 : 1);
            case UNIT -> random.nextDouble();
        };
    }

    private ByteBuffer strings(int count, int row, RandomGenerator random) {
        List<String> words = values.words && !graph.traits().words().isEmpty()
                ? graph.traits().words()
                : NUMBERS;
        List<byte[]> strings = new ArrayList<>();
        int bytes = 0;
        for (int i = 0; i < count; i++) {
            String word = words.get((i == 0 ? row : random.nextInt(words.size())) % words.size());
            strings.add(word.getBytes(StandardCharsets.UTF_8));
            bytes += Integer.BYTES + strings.getLast().length;
        }
        ByteBuffer data = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        strings.forEach(string -> data.putInt(string.length).put(string));
        return data.flip();
    }
}
