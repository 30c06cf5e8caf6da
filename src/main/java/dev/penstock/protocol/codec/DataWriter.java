package dev.penstock.protocol.codec;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.protocol.Bfloat16;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Writes the data of a tensor as a flat JSON array. Floating-point numbers get the fewest digits that parse to the same number. */
final class DataWriter {
    private final JsonGenerator json;
    private final Tensor tensor;
    private final NonFinite nonFinite;

    DataWriter(JsonGenerator json, Tensor tensor, NonFinite nonFinite) {
        this.json = json;
        this.tensor = tensor;
        this.nonFinite = nonFinite;
    }

    void write() throws IOException, NoJsonFormException {
        ByteBuffer data = tensor.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        long elements = tensor.shape().elements();
        json.writeStartArray();
        for (long element = 0; element < elements; element++) {
            switch (tensor.datatype()) {
                case FP32 -> write(data.getFloat(), element);
                case FP64 -> write(data.getDouble(), element);
                case FP16 -> write(Float.float16ToFloat(data.getShort()), element);
                case BF16 -> write(Bfloat16.value(data.getShort()), element);
                case BOOL -> json.writeBoolean(data.get() != 0);
                case INT8 -> json.writeNumber(data.get());
                case INT16 -> json.writeNumber(data.getShort());
                case INT32 -> json.writeNumber(data.getInt());
                case INT64 -> json.writeNumber(data.getLong());
                case UINT8 -> json.writeNumber(Byte.toUnsignedInt(data.get()));
                case UINT16 -> json.writeNumber(Short.toUnsignedInt(data.getShort()));
                case UINT32 -> json.writeNumber(Integer.toUnsignedLong(data.getInt()));
                case UINT64 -> json.writeNumber(Long.toUnsignedString(data.getLong()));
                case BYTES -> json.writeString(text(data, element));
            }
        }
        json.writeEndArray();
    }

    private void write(float value, long element) throws IOException, NoJsonFormException {
        if (Float.isFinite(value)) {
            json.writeNumber(value);
        } else {
            writeNonFinite(value, element);
        }
    }

    private void write(double value, long element) throws IOException, NoJsonFormException {
        if (Double.isFinite(value)) {
            json.writeNumber(value);
        } else {
            writeNonFinite(value, element);
        }
    }

    private void writeNonFinite(double value, long element) throws IOException, NoJsonFormException {
        if (nonFinite == NonFinite.REFUSED) {
            throw new NoJsonFormException(tensor, value + " at element " + element);
        }
        if (nonFinite == NonFinite.NULL && Double.isNaN(value)) {
            json.writeNull();
        } else {
            json.writeString(Double.toString(value)); // NaN, Infinity or -Infinity
        }
    }

    private String text(ByteBuffer data, long element) throws NoJsonFormException {
        int length = data.getInt();
        ByteBuffer bytes = data.slice(data.position(), length);
        data.position(data.position() + length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new NoJsonFormException(tensor, "bytes that are not UTF-8 at element " + element);
        }
    }
}
