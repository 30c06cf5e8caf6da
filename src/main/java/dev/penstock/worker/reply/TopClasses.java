package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.protocol.Bfloat16;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The highest values of an output, as Triton's classification extension writes them: each is the text {@code value:index}, followed by
 * {@code :label} where the class has a label. The index counts the values of a row, or of the whole tensor if it has no rows.
 */
final class TopClasses {
    private final TensorSpec spec;
    private final Tensor values;
    private final ByteBuffer data;

    private TopClasses(TensorSpec spec, Tensor values) {
        this.spec = spec;
        this.values = values;
        this.data = values.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The classes in place of an output: a BYTES tensor of shape [rows, classes], or [classes] if the output has no rows.
     *
     * @param output of a numeric datatype
     * @param most classes of each row; fewer where a row has fewer values
     */
    static Tensor of(TensorSpec spec, Tensor output, int most) {
        return spec.hasRows() ? ofRows(spec, output, most) : ofWhole(spec, output, most);
    }

    private static Tensor ofWhole(TensorSpec spec, Tensor output, int most) {
        List<String> classes = new TopClasses(spec, output).highest(most);
        return texts(output.name(), Shape.of(classes.size()), classes);
    }

    private static Tensor ofRows(TensorSpec spec, Tensor output, int most) {
        int axis = spec.rowAxis().orElseThrow();
        long rows = output.shape().dimension(axis);
        List<String> classes = new ArrayList<>();
        for (long row = 0; row < rows; row++) {
            classes.addAll(new TopClasses(spec, output.rows(axis, row, 1)).highest(most));
        }
        return texts(output.name(), Shape.of(rows, rows == 0 ? 0 : classes.size() / rows), classes);
    }

    /** The classes of a row, the highest first. */
    private List<String> highest(int most) {
        PriorityQueue<Integer> kept = new PriorityQueue<>((a, b) -> compare(b, a)); // the lowest of them at the head
        int elements = Math.toIntExact(values.shape().elements());
        for (int index = 0; index < elements; index++) {
            if (kept.size() < most) {
                kept.add(index);
            } else if (compare(index, kept.element()) < 0) {
                kept.remove();
                kept.add(index);
            }
        }
        return kept.stream().sorted(this::compare).map(this::text).toList();
    }

    /** Negative if {@code a} comes before {@code b}. Of equal values, the one with the lower index comes first; NaN comes last. */
    private int compare(int a, int b) {
        int byValue = spec.datatype() == Datatype.UINT64
                ? Long.compareUnsigned(data.getLong(b * Long.BYTES), data.getLong(a * Long.BYTES))
                : spec.datatype().isFloat() ? compareReal(real(a), real(b)) : Long.compare(whole(b), whole(a));
        return byValue != 0 ? byValue : Integer.compare(a, b);
    }

    private static int compareReal(double a, double b) {
        int byKind = Boolean.compare(Double.isNaN(a), Double.isNaN(b));
        return byKind != 0 ? byKind : Double.compare(b, a);
    }

    private String text(int index) {
        String text = number(index) + ":" + index;
        return index < spec.labels().size() ? text + ":" + spec.labels().get(index) : text;
    }

    /** As JSON has it: a floating-point number with the fewest digits that tell it from its neighbours. */
    private String number(int index) {
        return switch (spec.datatype()) {
            case UINT64 -> Long.toUnsignedString(data.getLong(index * Long.BYTES));
            case FP64 -> Double.toString(real(index));
            case FP16, BF16, FP32 -> Float.toString((float) real(index));
            case BOOL, BYTES, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32 -> Long.toString(whole(index));
        };
    }

    private double real(int index) {
        return switch (spec.datatype()) {
            case FP16 -> Float.float16ToFloat(data.getShort(index * Short.BYTES));
            case BF16 -> Bfloat16.value(data.getShort(index * Short.BYTES));
            case FP32 -> data.getFloat(index * Float.BYTES);
            case FP64 -> data.getDouble(index * Double.BYTES);
            case BOOL, BYTES, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 -> throw notOrdered();
        };
    }

    private long whole(int index) {
        return switch (spec.datatype()) {
            case INT8 -> data.get(index);
            case INT16 -> data.getShort(index * Short.BYTES);
            case INT32 -> data.getInt(index * Integer.BYTES);
            case INT64 -> data.getLong(index * Long.BYTES);
            case UINT8 -> Byte.toUnsignedLong(data.get(index));
            case UINT16 -> Short.toUnsignedLong(data.getShort(index * Short.BYTES));
            case UINT32 -> Integer.toUnsignedLong(data.getInt(index * Integer.BYTES));
            case BOOL, BYTES, UINT64, FP16, BF16, FP32, FP64 -> throw notOrdered();
        };
    }

    private IllegalArgumentException notOrdered() {
        return new IllegalArgumentException("'" + spec.name() + "' must be numeric, was " + spec.datatype());
    }

    private static Tensor texts(String name, Shape shape, List<String> texts) {
        List<byte[]> encoded = texts.stream().map(text -> text.getBytes(UTF_8)).toList();
        int bytes =
                encoded.stream().mapToInt(text -> Integer.BYTES + text.length).sum();
        ByteBuffer data = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        encoded.forEach(text -> data.putInt(text.length).put(text));
        return new Tensor(name, Datatype.BYTES, shape, data.flip());
    }
}
