package dev.penstock.model.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.penstock.model.InferenceException;
import dev.penstock.model.graph.SymbolicShape;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;

/** One output of a batch. If its shape is known before the run, it is pinned to a reused buffer. Otherwise it is copied from runtime memory. */
final class BatchOutput {
    private final TensorSpec spec;
    private final SymbolicShape declared;
    private final boolean isComputed;
    private final ReusedBuffer buffer = new ReusedBuffer();

    /** @param isComputed whether a node computes it. The runtime does not write an input or a constant to a pinned tensor */
    BatchOutput(TensorSpec spec, SymbolicShape declared, boolean isComputed) {
        this.spec = spec;
        this.declared = declared;
        this.isComputed = isComputed;
    }

    String name() {
        return spec.name();
    }

    /** The shape of this output; empty if it cannot be pinned. */
    Optional<Shape> pinnableShape(long rows, Map<String, Long> sizes) {
        boolean isPinnable = isComputed
                && spec.datatype() != Datatype.BYTES
                && !OrtTypes.isPassedAsSigned(spec.datatype());
        return isPinnable ? declared.resolve(rows, sizes) : Optional.empty();
    }

    /** Whether this many rows are in a tensor that the run returned. A model without rows may return any shape. */
    boolean hasRows(Shape shape, long rows) {
        return !spec.hasRows()
                || (shape.rank() > spec.rowAxis().getAsInt()
                        && shape.dimension(spec.rowAxis().getAsInt()) == rows);
    }

    /** Reserves a reused buffer for this shape. */
    Tensor reserve(Shape shape) throws InferenceException {
        long bytes = Math.multiplyExact(shape.elements(), spec.datatype().byteSize());
        return new Tensor(spec.name(), spec.datatype(), shape, buffer.ofSize(bytes));
    }

    /** Creates a native tensor over a reserved buffer. The caller closes it. */
    OnnxTensor pin(Tensor reserved) throws OrtException {
        return OnnxTensor.createTensor(
                OnnxEnvironment.get(), reserved.data(), reserved.shape().toArray(), OrtTypes.javaType(spec.datatype()));
    }

    Tensor copy(OnnxTensor produced) throws OrtException, InferenceException {
        Shape shape = Shape.of(produced.getInfo().getShape());
        if (spec.datatype() == Datatype.BYTES) {
            return new Tensor(spec.name(), spec.datatype(), shape, StringElements.encode(produced));
        }
        ReusedBuffer.requireFits(
                Math.multiplyExact(shape.elements(), spec.datatype().byteSize()));
        ByteBuffer data = produced.getByteBuffer();
        return new Tensor(spec.name(), spec.datatype(), shape, data);
    }
}
