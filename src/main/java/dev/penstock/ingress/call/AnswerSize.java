package dev.penstock.ingress.call;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.util.OptionalInt;

/** The size of an answer, as far as the shapes show it before the model runs. */
final class AnswerSize {
    private AnswerSize() {}

    /**
     * The fewest bytes that the data of an answer can have. Only the run tells the size of a variable dimension that does not count rows:
     * it counts as 1 in an output with rows, and as 0 in one without, which may be empty.
     */
    static double leastBytes(InferenceRequest request, Signature signature, long rows) {
        double bytes = 0;
        for (TensorSpec output : signature.outputs()) {
            if (request.wants(output.name())) {
                boolean isBinary = request.wantsBinary(output.name());
                OptionalInt classes = request.classes(output.name());
                bytes += classes.isPresent()
                        ? classes(output, rows, classes.getAsInt()) * leastBytes(Datatype.BYTES, isBinary)
                        : elements(output, rows) * leastBytes(output.datatype(), isBinary);
            }
        }
        return bytes;
    }

    /** Whether the answer has an output in JSON. */
    static boolean isJson(InferenceRequest request, Signature signature) {
        return signature.outputs().stream()
                .anyMatch(output -> request.wants(output.name()) && !request.wantsBinary(output.name()));
    }

    /** How many classes there are in place of an output. */
    private static double classes(TensorSpec output, long rows, int most) {
        long texts = output.hasRows() ? rows : 1;
        return texts * Math.min(most, elements(output, rows) / texts);
    }

    private static double elements(TensorSpec output, long rows) {
        Shape shape = output.shape();
        int rowAxis = output.rowAxis().orElse(shape.rank());
        int unknown = output.hasRows() ? 1 : 0;
        double elements = 1;
        for (int i = 0; i < shape.rank(); i++) {
            long dimension = shape.dimension(i);
            elements *= dimension != Shape.VARIABLE ? dimension : i == rowAxis ? rows : unknown;
        }
        return elements;
    }

    /** Of one element: in JSON with its comma, as short as a value can be. */
    private static int leastBytes(Datatype datatype, boolean isBinary) {
        if (isBinary) {
            return datatype.isFixedSize() ? datatype.byteSize() : Integer.BYTES;
        }
        return switch (datatype) {
            case BOOL -> "true,".length();
            case FP16, BF16, FP32, FP64 -> "0.0,".length();
            case BYTES -> "\"\",".length();
            case INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 -> "0,".length();
        };
    }
}
