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
        int unknown = unknown(spec);
        long unitBytes = spec.datatype().byteSize();
        for (int i = 0; i < dimensions.length; i++) {
            dimensions[i] = dimensions[i] == Shape.VARIABLE ? 1 : dimensions[i];
            unitBytes *= i == unknown ? 1 : dimensions[i];
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
        if (unknown < dimensions.length) {
            dimensions[unknown] = bytes.remaining() / unitBytes;
        } else if (bytes.remaining() != unitBytes) {
            throw new InvalidRequestException(
                    "body",
                    "must be " + unitBytes + " bytes for " + spec.datatype() + " " + spec.shape() + ", was "
                            + bytes.remaining());
        }
        return new Tensor(spec.name(), spec.datatype(), Shape.of(dimensions), bytes);
    }

    /** The dimension whose size follows from the size of the body: the variable one beside the rows, or the rows. The rank if none is. */
    private static int unknown(TensorSpec spec) throws InvalidRequestException {
        int rows = spec.rowAxis().orElse(spec.shape().rank());
        int unknown = rows;
        for (int i = 0; i < spec.shape().rank(); i++) {
            if (i != rows && spec.shape().dimension(i) == Shape.VARIABLE) {
                if (unknown != rows) {
                    throw new InvalidRequestException(
                            "body",
                            "must not be raw: input '" + spec.name() + "' of shape " + spec.shape()
                                    + " must have at most one variable dimension besides rows");
                }
                unknown = i;
            }
        }
        return unknown;
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
