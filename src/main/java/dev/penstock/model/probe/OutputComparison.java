package dev.penstock.model.probe;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Compares an output of rows that ran beside others with the output of the same rows alone.
 *
 * <p>Sums of floating-point numbers depend on their order, and so a little on the number of rows. Two numbers count as equal if they
 * differ by less than {@code 1e-5 · magnitude + 1e-3 · spread}. The magnitude is the largest number of the rows alone; the spread
 * is how far these rows differ from one another. Rounding is a small part of the magnitude, and what one row does to another is of the
 * order of the spread. Half precision gets a hundred times as much of the first. Anything but floating-point numbers must be equal.
 */
final class OutputComparison {
    private static final double OF_MAGNITUDE = 1e-5;
    private static final double OF_MAGNITUDE_FP16 = 1e-3;
    private static final double OF_MAGNITUDE_BF16 = 8e-3;
    private static final double OF_SPREAD = 1e-3;

    /** Below this part of the magnitude, rounding could hide what rows do to each other. */
    private static final double LEAST_SPREAD = 100;

    private final List<Tensor> alone;
    private final double ofMagnitude;
    private double magnitude;
    private double spread;

    /** @param alone the output of each row alone, all of one shape */
    OutputComparison(List<Tensor> alone) {
        this.alone = alone;
        this.ofMagnitude = switch (alone.getFirst().datatype()) {
            case FP16 -> OF_MAGNITUDE_FP16;
            case BF16 -> OF_MAGNITUDE_BF16;
            default -> OF_MAGNITUDE;
        };
        if (isFloat()) {
            measure();
        }
    }

    boolean isFloat() {
        return isFloat(alone.getFirst().datatype());
    }

    static boolean isFloat(Datatype datatype) {
        return switch (datatype) {
            case FP16, BF16, FP32, FP64 -> true;
            default -> false;
        };
    }

    private void measure() {
        int elements = Math.toIntExact(alone.getFirst().shape().elements());
        for (int i = 0; i < elements; i++) {
            double least = Double.POSITIVE_INFINITY;
            double most = Double.NEGATIVE_INFINITY;
            for (Tensor row : alone) {
                double value = number(row, i);
                if (Double.isFinite(value)) {
                    magnitude = Math.max(magnitude, Math.abs(value));
                    least = Math.min(least, value);
                    most = Math.max(most, value);
                }
            }
            spread = Math.max(spread, most - least);
        }
    }

    /** Whether the rows alone differ so much that an influence of one row on another would show. */
    boolean varies() {
        return isFloat()
                ? spread > LEAST_SPREAD * ofMagnitude * magnitude
                : alone.stream()
                        .anyMatch(row -> !row.data().equals(alone.getFirst().data()));
    }

    /** Whether a row has the same result beside others as alone. */
    boolean isEqual(int row, Tensor beside) {
        ByteBuffer expected = alone.get(row).data();
        if (expected.equals(beside.data())) {
            return true;
        }
        if (!isFloat() || expected.limit() != beside.data().limit()) {
            return false;
        }
        double tolerance = ofMagnitude * magnitude + OF_SPREAD * spread;
        int elements = Math.toIntExact(beside.shape().elements());
        for (int i = 0; i < elements; i++) {
            double a = number(alone.get(row), i);
            double b = number(beside, i);
            if (Double.compare(a, b) != 0 && !(Math.abs(a - b) <= tolerance)) {
                return false;
            }
        }
        return true;
    }

    /**
     * How far the result of a row moves when others run beside it: as a part of the distance between the results of different rows. Those of
     * a dynamically quantized MiniLM move by 0.27 to 0.36 on made-up tokens. Values that are not finite do not count.
     */
    double movement(int row, Tensor beside) {
        double apart = 0;
        int pairs = 0;
        for (int i = 0; i < alone.size(); i++) {
            for (int j = 0; j < i; j++) {
                apart += distance(alone.get(i), alone.get(j));
                pairs++;
            }
        }
        double moved = distance(alone.get(row), beside);
        return moved == 0 ? 0 : moved * pairs / apart;
    }

    private static double distance(Tensor left, Tensor right) {
        double squares = 0;
        int elements = Math.toIntExact(left.shape().elements());
        for (int i = 0; i < elements; i++) {
            double difference = number(left, i) - number(right, i);
            squares += Double.isFinite(difference) ? difference * difference : 0;
        }
        return Math.sqrt(squares);
    }

    private static double number(Tensor tensor, int index) {
        ByteBuffer data = tensor.data();
        return switch (tensor.datatype()) {
            case FP16 -> Float.float16ToFloat(data.getShort(index * Short.BYTES));
            case BF16 -> Float.intBitsToFloat(data.getShort(index * Short.BYTES) << Short.SIZE);
            case FP32 -> data.getFloat(index * Float.BYTES);
            default -> data.getDouble(index * Double.BYTES);
        };
    }
}
