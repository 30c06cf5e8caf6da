package dev.penstock.zoo.reference;

import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The inputs and outputs of a {@code test_data_set_N}, as the ONNX project keeps them beside a model: {@code input_0.pb},
 * {@code output_0.pb} and so on, each a tensor.
 */
record TestData(List<Value> inputs, List<Value> outputs) {

    TestData {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /**
     * Reads a folder. The tensors get the names of the model's inputs and outputs, which the files need not have.
     *
     * @throws CannotRunException if the files hold other than tensors, or not as many as the model has inputs
     */
    static TestData read(Path folder, List<String> inputs, List<String> outputs)
            throws IOException, CannotRunException {
        List<Value> given = tensors(folder, "input_", inputs);
        if (given.size() != inputs.size()) {
            throw new CannotRunException(
                    "its test data has " + given.size() + " inputs, the model has " + inputs.size());
        }
        return new TestData(given, outputs(folder, outputs));
    }

    /** Empty if one is no tensor: it cannot be compared. */
    private static List<Value> outputs(Path folder, List<String> names) throws IOException {
        try {
            return tensors(folder, "output_", names);
        } catch (CannotRunException | RuntimeException | InvalidProtocolBufferException noTensor) {
            return List.of();
        }
    }

    /** The inputs with the types that the model declares, in its order. */
    TestData declared(List<DirectRun.Input> declared) {
        List<Value> typed = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            typed.add(inputs.get(i).declared(declared.get(i).type()));
        }
        return new TestData(typed, outputs);
    }

    /** The outputs with the types of these, in their order. */
    List<Value> outputsLike(List<Value> produced) {
        List<Value> typed = new ArrayList<>();
        for (int i = 0; i < outputs.size(); i++) {
            typed.add(outputs.get(i).declared(produced.get(i).type()));
        }
        return typed;
    }

    private static List<Value> tensors(Path folder, String prefix, List<String> names)
            throws IOException, CannotRunException {
        List<Value> tensors = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            Path file = folder.resolve(prefix + i + ".pb");
            if (Files.exists(file)) {
                tensors.add(tensor(TensorProto.parseFrom(Files.readAllBytes(file)), names.get(i), file));
            }
        }
        return tensors;
    }

    private static Value tensor(TensorProto proto, String name, Path file) throws CannotRunException {
        ElementType type = ElementType.ofOnnx(proto.getDataType())
                .orElseThrow(() -> new CannotRunException(
                        "the element type " + proto.getDataType() + " of its test data is none of the protocol"));
        List<Long> shape = proto.getDimsList();
        int elements = Value.elements(shape);
        if (type == ElementType.BYTES) {
            return Value.ofStrings(
                    name,
                    shape,
                    proto.getStringDataList().stream()
                            .map(ByteString::toStringUtf8)
                            .toList());
        }
        ByteBuffer data = Value.buffer(elements * type.byteSize());
        if (proto.hasRawData()) {
            data.put(proto.getRawData().asReadOnlyByteBuffer());
        } else {
            for (int i = 0; i < elements; i++) {
                put(data, proto, type, i);
            }
        }
        if (data.hasRemaining()) {
            throw new CannotRunException(file.getFileName() + " has too few elements");
        }
        return new Value(name, type, shape, data.flip());
    }

    /** The field of each type is the one that onnx.proto names. */
    private static void put(ByteBuffer data, TensorProto proto, ElementType type, int i) {
        switch (type) {
            case BOOL, INT8, UINT8 -> data.put((byte) proto.getInt32Data(i));
            case INT16, UINT16, FP16, BF16 -> data.putShort((short) proto.getInt32Data(i));
            case INT32 -> data.putInt(proto.getInt32Data(i));
            case UINT32 -> data.putInt((int) proto.getUint64Data(i));
            case INT64 -> data.putLong(proto.getInt64Data(i));
            case UINT64 -> data.putLong(proto.getUint64Data(i));
            case FP32 -> data.putFloat(proto.getFloatData(i));
            case FP64 -> data.putDouble(proto.getDoubleData(i));
            case BYTES -> throw new IllegalStateException("strings have no fixed size");
        }
    }
}
