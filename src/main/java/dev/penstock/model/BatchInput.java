package dev.penstock.model;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** One input of a batch: the rows of all requests, one after the other. */
final class BatchInput {
    private final int index;
    private final TensorSpec spec;
    private final SymbolicShape declared;
    private final ReusedBuffer buffer = new ReusedBuffer();

    private Shape shape = Shape.of(0);
    private ByteBuffer data = ByteBuffer.allocate(0);
    private String[] strings = {};

    /** @param index of this input in the signature, and so in every request */
    BatchInput(int index, TensorSpec spec, SymbolicShape declared) {
        this.index = index;
        this.spec = spec;
        this.declared = declared;
    }

    /** The name under which the loaded graph takes it. */
    String feedName() {
        return UnsignedInputs.feedName(spec);
    }

    long rows() {
        return shape.rows();
    }

    /** Copies this input of all requests, and notes its variable dimensions in {@code sizes}. */
    void gather(List<List<Tensor>> requests, Map<String, Long> sizes) throws InferenceException {
        Shape key = requests.get(0).get(index).shape().withRows(Shape.VARIABLE);
        long rows = 0;
        long bytes = 0;
        for (List<Tensor> request : requests) {
            Tensor tensor = request.get(index);
            if (tensor.datatype() != spec.datatype()
                    || !spec.shape().admits(tensor.shape())
                    || !key.admits(tensor.shape())) {
                throw new IllegalArgumentException("input '" + spec.name() + "' must be " + spec.datatype()
                        + " of shape " + key + " in this batch, was " + tensor.datatype() + " of " + tensor.shape());
            }
            rows += tensor.shape().rows();
            bytes += tensor.data().limit();
        }
        shape = key.withRows(rows);
        if (declared.bind(shape, sizes).isPresent()) {
            throw new InferenceException(
                    InferenceException.Kind.FAILED,
                    "input '" + spec.name() + "' of shape " + shape + " must agree with the other inputs on "
                            + declared.variables());
        }
        if (spec.datatype() == Datatype.BYTES) {
            gatherStrings(requests);
        } else {
            gatherBytes(requests, bytes);
        }
    }

    private void gatherBytes(List<List<Tensor>> requests, long bytes) throws InferenceException {
        data = buffer.ofSize(bytes);
        int offset = 0;
        for (List<Tensor> request : requests) {
            ByteBuffer source = request.get(index).data();
            data.put(offset, source, 0, source.limit());
            offset += source.limit();
        }
    }

    private void gatherStrings(List<List<Tensor>> requests) throws InferenceException {
        strings = new String[Math.toIntExact(shape.elements())];
        int at = 0;
        for (List<Tensor> request : requests) {
            at = StringElements.decode(request.get(index), strings, at);
        }
    }

    /** A native tensor over the gathered data; the caller closes it. */
    OnnxTensor open() throws OrtException {
        return spec.datatype() == Datatype.BYTES
                ? OnnxTensor.createTensor(OnnxEnvironment.get(), strings, shape.toArray())
                : OnnxTensor.createTensor(
                        OnnxEnvironment.get(), data, shape.toArray(), OnnxDatatypes.carrier(spec.datatype()));
    }
}
