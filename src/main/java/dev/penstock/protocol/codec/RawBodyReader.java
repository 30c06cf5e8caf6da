package dev.penstock.protocol.codec;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Reads a raw body: the binary data of the only input of a model, and nothing else. */
final class RawBodyReader {
    private RawBodyReader() {}

    static Tensor read(ByteBuffer bytes, Signature signature) throws InvalidRequestException {
        if (signature.inputs().size() != 1) {
            throw new InvalidRequestException(
                    "body",
                    "must not be raw: the model must have exactly one input, has "
                            + signature.inputs().size());
        }
        TensorSpec spec = signature.inputs().get(0);
        return spec.datatype().isFixedSize() ? numbers(bytes, spec) : string(bytes, spec);
    }

    private static Tensor numbers(ByteBuffer bytes, TensorSpec spec) throws InvalidRequestException {
        long[] dimensions = spec.shape().toArray();
        int unknown = 0;
        long unitBytes = spec.datatype().byteSize();
        for (int i = 1; i < dimensions.length; i++) {
            if (dimensions[i] != Shape.VARIABLE) {
                unitBytes *= dimensions[i];
            } else if (unknown == 0) {
                unknown = i;
            } else {
                throw new InvalidRequestException(
                        "body",
                        "must not be raw: input '" + spec.name() + "' of shape " + spec.shape()
                                + " must have at most one variable dimension besides rows");
            }
        }
        if (unitBytes == 0 || !bytes.hasRemaining() || bytes.remaining() % unitBytes != 0) {
            throw new InvalidRequestException(
                    "body",
                    "must be a multiple of " + unitBytes + " bytes for " + spec.datatype() + " " + spec.shape()
                            + ", was " + bytes.remaining());
        }
        if (spec.datatype() == Datatype.BOOL && !Tensor.holdsBooleans(bytes)) {
            throw new InvalidRequestException("body", "must hold only the bytes 0 and 1, as BOOL requires");
        }
        dimensions[0] = 1;
        dimensions[unknown] = bytes.remaining() / unitBytes;
        return new Tensor(spec.name(), spec.datatype(), Shape.of(dimensions), bytes);
    }

    private static Tensor string(ByteBuffer bytes, TensorSpec spec) {
        long[] ones = spec.shape().toArray();
        Arrays.fill(ones, 1);
        ByteBuffer element = ByteBuffer.allocate(Integer.BYTES + bytes.remaining())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(bytes.remaining())
                .put(bytes.duplicate())
                .flip();
        return new Tensor(spec.name(), spec.datatype(), Shape.of(ones), element);
    }
}
