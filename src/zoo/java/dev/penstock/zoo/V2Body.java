package dev.penstock.zoo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.zoo.reference.ElementType;
import dev.penstock.zoo.reference.Value;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A body of the Open Inference Protocol, in JSON or in binary form. Written and read without the service's own classes.
 *
 * @param bytes is not copied; bodies are not compared
 * @param jsonBytes the length of the JSON before the tensors of the binary form; the whole length in JSON
 */
@SuppressWarnings("ArrayRecordComponent")
public record V2Body(byte[] bytes, int jsonBytes, boolean isBinary) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A request in JSON, for an answer in JSON. */
    public static V2Body json(List<Value> inputs) {
        ObjectNode request = JSON.createObjectNode();
        ArrayNode tensors = request.putArray("inputs");
        for (Value input : inputs) {
            putElements(declare(tensors, input).putArray("data"), input);
        }
        byte[] bytes = request.toString().getBytes(UTF_8);
        return new V2Body(bytes, bytes.length, false);
    }

    /** A request in binary form, for an answer in binary form. */
    public static V2Body binary(List<Value> inputs) {
        ObjectNode request = JSON.createObjectNode();
        request.putObject("parameters").put("binary_data_output", true);
        ArrayNode tensors = request.putArray("inputs");
        int dataBytes = 0;
        for (Value input : inputs) {
            int size = input.data().remaining();
            declare(tensors, input).putObject("parameters").put("binary_data_size", size);
            dataBytes += size;
        }
        byte[] head = request.toString().getBytes(UTF_8);
        ByteBuffer body = ByteBuffer.allocate(head.length + dataBytes).put(head);
        inputs.forEach(input -> body.put(input.data().duplicate()));
        return new V2Body(body.array(), head.length, true);
    }

    private static ObjectNode declare(ArrayNode tensors, Value value) {
        ObjectNode tensor = tensors.addObject()
                .put("name", value.name())
                .put("datatype", value.type().name());
        ArrayNode shape = tensor.putArray("shape");
        value.shape().forEach(shape::add);
        return tensor;
    }

    private static void putElements(ArrayNode data, Value value) {
        if (value.type() == ElementType.BYTES) {
            value.strings().forEach(data::add);
            return;
        }
        for (int i = 0; i < value.elements(); i++) {
            switch (value.type()) {
                case BOOL -> data.add(value.number(i) != 0);
                case FP64 -> putFloat(data, value.number(i));
                case FP32, FP16, BF16 -> putFloat(data, (float) value.number(i));
                default -> data.add(new BigInteger(value.integer(i)));
            }
        }
    }

    /** JSON has no numbers for these: they are strings, as MLServer and Triton take them. */
    private static void putFloat(ArrayNode data, double number) {
        if (Double.isFinite(number)) {
            data.add(number);
        } else {
            data.add(Double.toString(number));
        }
    }

    private static void putFloat(ArrayNode data, float number) {
        if (Float.isFinite(number)) {
            data.add(number);
        } else {
            data.add(Float.toString(number));
        }
    }

    /**
     * The tensors of a response.
     *
     * @param jsonBytes where its tensors in binary form begin; its length if it has none
     * @throws IOException if it is no such response
     */
    static List<Value> outputs(byte[] response, int jsonBytes) throws IOException {
        try {
            JsonNode json = JSON.readTree(response, 0, jsonBytes);
            ByteBuffer rest = ByteBuffer.wrap(response).position(jsonBytes);
            List<Value> outputs = new ArrayList<>();
            for (JsonNode tensor : json.path("outputs")) {
                outputs.add(output(tensor, rest));
            }
            return outputs;
        } catch (RuntimeException malformed) {
            throw new IOException("malformed response: " + malformed, malformed);
        }
    }

    private static Value output(JsonNode tensor, ByteBuffer rest) {
        String name = tensor.path("name").asText();
        ElementType type = ElementType.valueOf(tensor.path("datatype").asText());
        List<Long> shape = new ArrayList<>();
        tensor.path("shape").forEach(dimension -> shape.add(dimension.asLong()));
        JsonNode size = tensor.path("parameters").path("binary_data_size");
        if (size.isInt()) {
            ByteBuffer data = rest.slice(rest.position(), size.asInt());
            rest.position(rest.position() + size.asInt());
            return new Value(name, type, shape, data);
        }
        List<JsonNode> elements = new ArrayList<>();
        flatten(tensor.path("data"), elements);
        if (type == ElementType.BYTES) {
            return Value.ofStrings(
                    name, shape, elements.stream().map(JsonNode::asText).toList());
        }
        ByteBuffer data = ByteBuffer.allocate(elements.size() * type.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
        elements.forEach(element -> put(data, type, element));
        return new Value(name, type, shape, data.flip());
    }

    private static void put(ByteBuffer data, ElementType type, JsonNode element) {
        switch (type) {
            case BOOL -> data.put((byte) (element.asBoolean() ? 1 : 0));
            case INT8, UINT8 -> data.put((byte) element.asInt());
            case INT16, UINT16 -> data.putShort((short) element.asInt());
            case INT32, UINT32 -> data.putInt((int) element.asLong());
            case INT64, UINT64 -> data.putLong(new BigInteger(element.asText()).longValue());
            case FP16 -> data.putShort(Float.floatToFloat16((float) number(element)));
            case BF16 -> data.putShort((short) (Float.floatToRawIntBits((float) number(element)) >>> 16));
            case FP32 -> data.putFloat((float) number(element));
            case FP64 -> data.putDouble(number(element));
            case BYTES -> throw new IllegalStateException("strings are read before");
        }
    }

    /** {@code null} and the strings of JSON for what is no number there. */
    private static double number(JsonNode element) {
        if (element.isNull()) {
            return Double.NaN;
        }
        return element.isTextual() ? Double.parseDouble(element.asText()) : element.asDouble();
    }

    private static void flatten(JsonNode data, List<JsonNode> into) {
        for (JsonNode element : data) {
            if (element.isArray()) {
                flatten(element, into);
            } else {
                into.add(element);
            }
        }
    }
}
