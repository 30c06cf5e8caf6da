package dev.penstock.zoo.reference;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.RunOptions;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A model, run by the Java API of ONNX Runtime. */
final class DirectRun implements AutoCloseable {
    private final OrtEnvironment environment;
    private final OrtSession session;

    /** A declared input. Variable dimensions are -1. */
    record Input(String name, ElementType type, List<Long> shape) {
        boolean hasVariableRows() {
            return !shape.isEmpty() && shape.getFirst() < 0;
        }
    }

    /** @throws CannotRunException if ONNX Runtime cannot load the file */
    DirectRun(Path file) throws CannotRunException {
        environment = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            session = environment.createSession(file.toString(), options);
        } catch (OrtException e) {
            throw new CannotRunException("ONNX Runtime cannot load it: " + e.getMessage(), e);
        }
    }

    List<String> inputNames() {
        return List.copyOf(session.getInputNames());
    }

    List<String> outputNames() {
        return List.copyOf(session.getOutputNames());
    }

    /** @throws CannotRunException if one is no tensor, or of a type that the protocol does not have */
    List<Input> inputs() throws CannotRunException {
        try {
            List<Input> inputs = new ArrayList<>();
            for (NodeInfo node : session.getInputInfo().values()) {
                if (!(node.getInfo() instanceof TensorInfo tensor)) {
                    throw new CannotRunException("input is no tensor, it is a "
                            + node.getInfo().getClass().getSimpleName().replace("Info", ""));
                }
                ElementType type = ElementType.ofRuntime(tensor.onnxType)
                        .orElseThrow(() -> new CannotRunException("input has the element type " + tensor.onnxType));
                List<Long> shape = new ArrayList<>();
                for (long dimension : tensor.getShape()) {
                    shape.add(dimension);
                }
                inputs.add(new Input(node.getName(), type, shape));
            }
            return inputs;
        } catch (OrtException e) {
            throw new CannotRunException("the Java API cannot describe its inputs: " + e.getMessage(), e);
        }
    }

    /**
     * @throws CannotRunException if the API cannot make an input, or the run fails
     * @throws NoTensorException if an output is no tensor
     */
    List<Value> run(List<Value> inputs) throws CannotRunException, NoTensorException {
        Map<String, OnnxTensor> feeds = new HashMap<>();
        try (RunOptions options = new RunOptions()) {
            options.setLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
            for (Value input : inputs) {
                feeds.put(input.name(), tensor(input));
            }
            List<Value> outputs = new ArrayList<>();
            try (OrtSession.Result result = session.run(feeds, options)) {
                for (Map.Entry<String, OnnxValue> output : result) {
                    outputs.addAll(values(output.getKey(), output.getValue()));
                }
            }
            return outputs;
        } catch (OrtException | RuntimeException e) {
            throw new CannotRunException("ONNX Runtime cannot run it: " + e.getMessage(), e);
        } finally {
            feeds.values().forEach(OnnxTensor::close);
        }
    }

    private OnnxTensor tensor(Value input) throws OrtException, CannotRunException {
        long[] shape = input.shape().stream().mapToLong(Long::longValue).toArray();
        if (input.type() == ElementType.BYTES) {
            return OnnxTensor.createTensor(environment, input.strings().toArray(String[]::new), shape);
        }
        ByteBuffer data = Value.buffer(input.data().remaining());
        data.put(input.data().duplicate()).flip();
        return OnnxTensor.createTensor(
                environment,
                data,
                shape,
                input.type()
                        .javaType()
                        .orElseThrow(() -> new CannotRunException(
                                "the Java API can make no input of the element type " + input.type())));
    }

    /** A sequence of maps is what ZipMap makes of probabilities: a row for each map, a column for each key. */
    private static List<Value> values(String name, OnnxValue output) throws OrtException, NoTensorException {
        return switch (output) {
            case OnnxTensor tensor -> List.of(value(name, tensor));
            case OnnxSequence sequence when sequence.getInfo().isSequenceOfMaps() -> List.of(table(name, sequence));
            default -> throw new NoTensorException("output is no tensor, it is a " + output.getType());
        };
    }

    private static Value value(String name, OnnxTensor tensor) throws OrtException, NoTensorException {
        TensorInfo info = tensor.getInfo();
        List<Long> shape = new ArrayList<>();
        for (long dimension : info.getShape()) {
            shape.add(dimension);
        }
        ElementType type = ElementType.ofRuntime(info.onnxType)
                .orElseThrow(() -> new NoTensorException("output has the element type " + info.onnxType));
        if (type == ElementType.BYTES) {
            List<String> strings = new ArrayList<>();
            if (Value.elements(shape) > 0) {
                flatten(tensor.getValue(), strings);
            }
            return Value.ofStrings(name, shape, strings);
        }
        ByteBuffer produced = tensor.getByteBuffer();
        ByteBuffer data = Value.buffer(produced.remaining());
        data.put(produced).flip();
        return new Value(name, type, shape, data);
    }

    private static void flatten(Object value, List<String> into) {
        if (value instanceof Object[] nested) {
            for (Object each : nested) {
                flatten(each, into);
            }
        } else {
            into.add(String.valueOf(value));
        }
    }

    private static Value table(String name, OnnxSequence maps) throws OrtException {
        List<Map<Object, Float>> rows = new ArrayList<>();
        for (OnnxValue map : maps.getValue()) {
            Map<Object, Float> row = new TreeMap<>();
            ((OnnxMap) map).getValue().forEach((key, value) -> row.put(key, (Float) value));
            rows.add(row);
            map.close();
        }
        int columns = rows.isEmpty() ? 0 : rows.getFirst().size();
        ByteBuffer data = Value.buffer(rows.size() * columns * Float.BYTES);
        rows.forEach(row -> row.values().forEach(data::putFloat));
        return new Value(name, ElementType.FP32, List.of((long) rows.size(), (long) columns), data.flip());
    }

    /** It ran, and the answer cannot be a v2 response. */
    static final class NoTensorException extends Exception {
        NoTensorException(String message) {
            super(message);
        }
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException("the session cannot be closed", e);
        }
    }
}
