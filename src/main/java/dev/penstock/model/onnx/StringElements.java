package dev.penstock.model.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.penstock.model.InferenceException;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Converts BYTES tensors to the strings of ONNX Runtime's Java API, and back. The API passes strings as JNI's modified UTF-8. It corrupts
 * invalid UTF-8, U+0000, and characters beyond U+FFFF such as emoji. Inputs with these are rejected. In outputs they cannot be detected,
 * so a model that returns such characters returns garbled text.
 */
final class StringElements {

    private StringElements() {}

    /**
     * Decodes all elements of {@code tensor} into {@code into}, starting at {@code at}. Returns the index after the last.
     *
     * @throws InferenceException if an element cannot be passed unchanged
     */
    static int decode(Tensor tensor, String[] into, int at) throws InferenceException {
        ByteBuffer data = tensor.data();
        int offset = 0;
        for (int element = 0; element < tensor.shape().elements(); element++) {
            int length = data.getInt(offset);
            offset += Integer.BYTES;
            try {
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(data.slice(offset, length))
                        .toString();
                if (text.chars().anyMatch(c -> c == 0 || Character.isSurrogate((char) c))) {
                    throw refused(
                            tensor,
                            element,
                            "must not have U+0000 or characters beyond U+FFFF, which ONNX Runtime for Java cannot pass");
                }
                into[at++] = text;
            } catch (CharacterCodingException e) {
                throw refused(tensor, element, "must be valid UTF-8");
            }
            offset += length;
        }
        return at;
    }

    /** Encodes the elements of a string tensor in the binary form of BYTES. */
    static ByteBuffer encode(OnnxTensor tensor) throws OrtException {
        byte[][] elements = new byte[Math.toIntExact(tensor.getInfo().getNumElements())][];
        if (elements.length > 0) {
            collect(tensor.getValue(), elements, 0);
        }
        int size = 0;
        for (byte[] element : elements) {
            size = Math.addExact(size, Integer.BYTES + element.length);
        }
        ByteBuffer data = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        for (byte[] element : elements) {
            data.putInt(element.length).put(element);
        }
        return data.flip();
    }

    /** Flattens the value: the API returns one level of arrays per dimension. */
    private static int collect(Object value, byte[][] into, int at) {
        if (value instanceof Object[] nested) {
            for (Object part : nested) {
                at = collect(part, into, at);
            }
            return at;
        }
        into[at] = ((String) value).getBytes(StandardCharsets.UTF_8);
        return at + 1;
    }

    private static InferenceException refused(Tensor tensor, int element, String reason) {
        return new InferenceException(
                InferenceException.Kind.FAILED, "element " + element + " of input '" + tensor.name() + "' " + reason);
    }
}
