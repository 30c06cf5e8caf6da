package dev.penstock.model.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.penstock.model.InferenceException;
import dev.penstock.model.graph.SymbolicShape;
import dev.penstock.protocol.BlockCopy;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** One input of a batch: the rows of all requests, in order. */
final class BatchInput {
    private final int index;
    private final TensorSpec spec;
    private final SymbolicShape declared;
    /** The bytes of one padding element; empty if this input is never padded. */
    private final Optional<byte[]> padding;

    private final ReusedBuffer buffer = new ReusedBuffer();

    private Shape shape = Shape.of(0);
    private ByteBuffer data = ByteBuffer.allocate(0);
    private String[] strings = {};

    /** @param index the index of this input in the signature, and so in every request */
    BatchInput(int index, TensorSpec spec, SymbolicShape declared, Optional<byte[]> padding) {
        this.index = index;
        this.spec = spec;
        this.declared = declared;
        this.padding = padding;
    }

    /** The name of this input in the loaded graph. */
    String feedName() {
        return UnsignedInputRewrite.feedName(spec);
    }

    /** The rows of the gathered batch; empty if this input has none. */
    OptionalLong rows() {
        return spec.hasRows() ? OptionalLong.of(shape.dimension(spec.rowAxis().getAsInt())) : OptionalLong.empty();
    }

    /**
     * Copies this input of all requests and pads it to {@code sizes}, the variable dimensions of the batch. An input without rows is equal
     * in all requests, so that of the first is copied.
     */
    void gather(List<List<Tensor>> requests, Map<String, Long> sizes) throws InferenceException {
        List<List<Tensor>> given = spec.hasRows() ? requests : requests.subList(0, 1);
        // Sizes are missing if a request is run by itself, and its sizes do not agree with the declared names.
        Shape one = declared.resolve(1, sizes)
                .orElseGet(() -> given.getFirst().get(index).shape());
        Shape key = spec.hasRows() ? one.with(spec.rowAxis().getAsInt(), Shape.VARIABLE) : one;
        long rows = 0;
        for (List<Tensor> request : given) {
            Tensor tensor = request.get(index);
            if (tensor.datatype() != spec.datatype()
                    || !spec.shape().admits(tensor.shape())
                    || !(key.admits(tensor.shape()) || (padding.isPresent() && isWithin(tensor.shape(), key)))) {
                throw new IllegalArgumentException(
                        "input '" + spec.name() + "' must be " + spec.datatype() + " of shape " + key
                                + " in this batch, was " + tensor.datatype() + " of shape " + tensor.shape());
            }
            rows += spec.hasRows() ? tensor.shape().dimension(spec.rowAxis().getAsInt()) : 0;
        }
        shape = placed(key, rows);
        if (spec.datatype() == Datatype.BYTES) {
            gatherStrings(given);
        } else if (spec.rowAxis().orElse(0) == 0) {
            gatherBytes(given, key);
        } else {
            gatherBlocks(given, key, spec.rowAxis().getAsInt());
        }
    }

    /** The shape of {@code key} with this number of rows. */
    private Shape placed(Shape key, long rows) {
        return spec.hasRows() ? key.with(spec.rowAxis().getAsInt(), rows) : key;
    }

    private static boolean isWithin(Shape shape, Shape key) {
        for (int i = 0; i < key.rank(); i++) {
            if (key.dimension(i) != Shape.VARIABLE && shape.dimension(i) > key.dimension(i)) {
                return false;
            }
        }
        return true;
    }

    private void gatherBytes(List<List<Tensor>> requests, Shape key) throws InferenceException {
        int elementBytes = spec.datatype().byteSize();
        data = buffer.ofSize(Math.multiplyExact(shape.elements(), elementBytes));
        int offset = 0;
        for (List<Tensor> request : requests) {
            Tensor tensor = request.get(index);
            ByteBuffer source = tensor.data();
            Shape place = spec.hasRows() ? key.withRows(tensor.shape().rows()) : key;
            if (place.equals(tensor.shape())) {
                data.put(offset, source, 0, source.limit());
                offset += source.limit();
            } else {
                int end = offset + Math.toIntExact(place.elements() * elementBytes);
                BlockCopy.fill(data, offset, end, padding.orElseThrow());
                BlockCopy.copyOverlap(source, 0, tensor.shape(), data, offset, place, elementBytes);
                offset = end;
            }
        }
    }

    /** Copies requests whose rows are not in the first dimension: each request has a part of every block before it. */
    private void gatherBlocks(List<List<Tensor>> requests, Shape key, int axis) throws InferenceException {
        List<Tensor> pieces = new ArrayList<>();
        for (List<Tensor> request : requests) {
            Tensor tensor = request.get(index);
            Shape place = placed(key, tensor.shape().dimension(axis));
            pieces.add(place.equals(tensor.shape()) ? tensor : tensor.padded(place, padding.orElseThrow()));
        }
        Tensor joined = Tensor.joined(axis, pieces);
        data = buffer.ofSize(joined.data().limit());
        data.put(0, joined.data(), 0, joined.data().limit());
    }

    private void gatherStrings(List<List<Tensor>> requests) throws InferenceException {
        strings = new String[Math.toIntExact(shape.elements())];
        int at = 0;
        for (List<Tensor> request : requests) {
            at = StringElements.decode(request.get(index), strings, at);
        }
    }

    /** Creates a native tensor over the gathered data. The caller closes it. */
    OnnxTensor open() throws OrtException {
        return spec.datatype() == Datatype.BYTES
                ? OnnxTensor.createTensor(OnnxEnvironment.get(), strings, shape.toArray())
                : OnnxTensor.createTensor(
                        OnnxEnvironment.get(), data, shape.toArray(), OrtTypes.javaType(spec.datatype()));
    }
}
