package dev.penstock.protocol.codec;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Writes one body: first the JSON part, filled by the caller, then the blobs of the tensors in binary form. */
final class BodyWriter {
    private static final JsonFactory JSON = new JsonFactory();

    /** Writes the members of the top-level object. */
    interface MemberWriter {
        void write(BodyWriter body) throws IOException, NoJsonFormException;
    }

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    private final List<ByteBuffer> blobs = new ArrayList<>();
    private final NonFinite nonFinite;
    final JsonGenerator json;

    private BodyWriter(NonFinite nonFinite) throws IOException {
        this.nonFinite = nonFinite;
        this.json = JSON.createGenerator(bytes);
    }

    static Payload write(NonFinite nonFinite, MemberWriter members) throws NoJsonFormException {
        try {
            BodyWriter body = new BodyWriter(nonFinite);
            try (JsonGenerator json = body.json) {
                json.writeStartObject();
                members.write(body);
                json.writeEndObject();
            }
            return body.payload();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to an in-memory buffer", e);
        }
    }

    void parameters(Map<String, Object> parameters) throws IOException {
        if (!parameters.isEmpty()) {
            json.writeObjectFieldStart("parameters");
            for (Map.Entry<String, Object> parameter : parameters.entrySet()) {
                json.writeFieldName(parameter.getKey());
                json.writePOJO(parameter.getValue());
            }
            json.writeEndObject();
        }
    }

    void tensors(String field, List<Tensor> tensors, Predicate<String> binary) throws IOException, NoJsonFormException {
        json.writeArrayFieldStart(field);
        for (Tensor tensor : tensors) {
            tensor(tensor, binary.test(tensor.name()));
        }
        json.writeEndArray();
    }

    private void tensor(Tensor tensor, boolean binary) throws IOException, NoJsonFormException {
        json.writeStartObject();
        json.writeStringField("name", tensor.name());
        json.writeFieldName("shape");
        long[] shape = tensor.shape().toArray();
        json.writeArray(shape, 0, shape.length);
        json.writeStringField("datatype", tensor.datatype().name());
        if (binary) {
            ByteBuffer blob = tensor.data().duplicate();
            blobs.add(blob);
            parameters(Map.of("binary_data_size", blob.remaining()));
        } else {
            json.writeFieldName("data");
            new DataWriter(json, tensor, nonFinite).write();
        }
        json.writeEndObject();
    }

    private Payload payload() {
        byte[] jsonPart = bytes.toByteArray();
        if (blobs.isEmpty()) {
            return Payload.json(jsonPart);
        }
        long size = jsonPart.length;
        for (ByteBuffer blob : blobs) {
            size += blob.remaining();
        }
        ByteBuffer whole = ByteBuffer.allocate(Math.toIntExact(size)).put(jsonPart);
        blobs.forEach(whole::put);
        return Payload.binary(whole.flip(), jsonPart.length);
    }
}
