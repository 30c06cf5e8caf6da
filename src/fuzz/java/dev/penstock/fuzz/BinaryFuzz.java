package dev.penstock.fuzz;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.util.List;

/** Fuzzes the binary codec. The first two bytes of the input are the length of the JSON part; the rest is the body. */
public final class BinaryFuzz {
    private static final int LENGTH_BYTES = 2;

    /** The signatures for raw bodies. */
    private static final List<Signature> SIGNATURES = List.of(
            signature(Datatype.FP32, Shape.of(Shape.VARIABLE, 3)),
            signature(Datatype.BOOL, Shape.of(Shape.VARIABLE)),
            signature(Datatype.BYTES, Shape.of(Shape.VARIABLE)),
            signature(Datatype.INT64, Shape.of(Shape.VARIABLE, Shape.VARIABLE)),
            signature(Datatype.INT8, Shape.of(Shape.VARIABLE, 0)));

    private BinaryFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length < LENGTH_BYTES) {
            return;
        }
        int jsonLength = (input[0] & 0xff) << 8 | (input[1] & 0xff);
        ByteBuffer body = ByteBuffer.wrap(input, LENGTH_BYTES, input.length - LENGTH_BYTES)
                .slice();
        Payload payload = Payload.binary(body, jsonLength);
        if (jsonLength > 0) {
            RequestProperties.check(payload, () -> RequestProperties.READER.read(payload));
            return;
        }
        for (Signature signature : SIGNATURES) {
            RequestProperties.check(payload, () -> RequestProperties.READER.read(payload, signature));
        }
    }

    private static Signature signature(Datatype datatype, Shape shape) {
        return new Signature(List.of(new TensorSpec("x", datatype, shape)), List.of());
    }
}
