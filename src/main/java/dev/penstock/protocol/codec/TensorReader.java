package dev.penstock.protocol.codec;

import static dev.penstock.protocol.codec.JsonMember.DATA;
import static dev.penstock.protocol.codec.JsonMember.DATATYPE;
import static dev.penstock.protocol.codec.JsonMember.NAME;
import static dev.penstock.protocol.codec.JsonMember.PARAMETERS;
import static dev.penstock.protocol.codec.JsonMember.SHAPE;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads the tensors of one body: metadata from the JSON part, data from the JSON part or from the blobs that follow it. */
final class TensorReader {
    private static final Set<JsonMember> MEMBERS =
            Collections.unmodifiableSet(EnumSet.of(NAME, SHAPE, DATATYPE, DATA, PARAMETERS));
    private static final int MAX_RANK = 32;
    /** The nesting depth of data in {"inputs":[{"data":[…]}]}. */
    private static final int DATA_DEPTH = 4;

    private final JsonCursor json;
    private final ByteBuffer blobs;
    private final boolean binaryForm;
    private final NonFinite nonFinite;

    /** @param blobs the bytes after the JSON part. Each tensor in binary form takes its data from the front */
    TensorReader(JsonCursor json, ByteBuffer blobs, boolean binaryForm, NonFinite nonFinite) {
        this.json = json;
        this.blobs = blobs;
        this.binaryForm = binaryForm;
        this.nonFinite = nonFinite;
    }

    /** Reads an array of tensors. */
    List<Tensor> list(int maxTensors) throws InvalidRequestException {
        List<Tensor> tensors = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (boolean more = json.open('['); more; more = json.another('[')) {
            json.path().at(tensors.size());
            if (tensors.size() == maxTensors) {
                throw json.invalid("must be within the limit of " + maxTensors + " tensors");
            }
            Tensor tensor = tensor();
            if (!names.add(tensor.name())) {
                throw json.invalid("must have a unique name, was a second '" + tensor.name() + "'");
            }
            tensors.add(tensor);
        }
        return tensors;
    }

    /** Rejects bytes that belong to no tensor. */
    void expectNoMoreBlobs() throws InvalidRequestException {
        if (blobs.hasRemaining()) {
            throw new InvalidRequestException(
                    "body", "must end with the last tensor's binary data, had " + blobs.remaining() + " extra bytes");
        }
    }

    private Tensor tensor() throws InvalidRequestException {
        Set<JsonMember> seen = EnumSet.noneOf(JsonMember.class);
        String name = "";
        Datatype datatype = Datatype.BYTES;
        Shape shape = Shape.of();
        Map<String, Object> parameters = Map.of();
        Optional<ByteBuffer> data = Optional.empty();
        boolean hasData = false;
        int dataPosition = 0;
        for (boolean more = json.open('{'); more; more = json.another('{')) {
            switch (json.member(MEMBERS, seen)) {
                case NAME -> name = json.name();
                case SHAPE -> shape = shape();
                case DATATYPE -> datatype = datatype();
                case PARAMETERS -> parameters = Parameters.read(json);
                case OTHER -> {}
                default -> {
                    hasData = !json.isNull();
                    if (hasData && seen.contains(SHAPE) && seen.contains(DATATYPE)) {
                        data = Optional.of(new DataReader(json, shape, datatype, nonFinite).read());
                    } else if (hasData) {
                        dataPosition = json.position();
                        json.skipArrays(DATA_DEPTH);
                    }
                }
            }
            json.path().leave();
        }
        json.require(seen, NAME, SHAPE, DATATYPE);
        Object binarySize = parameters.get("binary_data_size");
        if (binarySize != null) {
            return new Tensor(name, datatype, shape, blob(hasData, datatype, shape, binarySize));
        }
        if (!hasData) {
            json.path().enter(DATA.key);
            throw json.invalid("is required");
        }
        if (data.isEmpty()) {
            json.path().enter(DATA.key);
            int after = json.position();
            json.seek(dataPosition);
            data = Optional.of(new DataReader(json, shape, datatype, nonFinite).read());
            json.seek(after);
            json.path().leave();
        }
        return new Tensor(name, datatype, shape, data.get());
    }

    private Datatype datatype() throws InvalidRequestException {
        String name = json.string();
        Optional<Datatype> datatype = Datatype.named(name);
        if (datatype.isEmpty()) {
            throw json.invalid("must be one of " + Arrays.toString(Datatype.values()) + ", was '" + name + "'");
        }
        return datatype.get();
    }

    private Shape shape() throws InvalidRequestException {
        long[] dimensions = new long[4];
        int rank = 0;
        long elements = 1;
        for (boolean more = json.open('['); more; more = json.another('[')) {
            json.path().at(rank);
            if (rank == MAX_RANK) {
                throw json.invalid("must be within the limit of " + MAX_RANK + " dimensions");
            }
            JsonNumber number = json.number();
            if (!number.fitsLong() || number.longValue() < 0) {
                throw json.invalid("must be a non-negative integer, was " + number);
            }
            long dimension = number.longValue();
            // A dimension of 0 counts as 1: the number of elements per row must be within the limit too.
            if (dimension > json.limits().maxElements() / elements) {
                throw json.invalid(
                        "must keep the tensor within " + json.limits().maxElements() + " elements, was " + number);
            }
            elements *= Math.max(dimension, 1);
            if (rank == dimensions.length) {
                dimensions = Arrays.copyOf(dimensions, MAX_RANK);
            }
            dimensions[rank++] = dimension;
        }
        return Shape.of(Arrays.copyOf(dimensions, rank));
    }

    private ByteBuffer blob(boolean hasData, Datatype datatype, Shape shape, Object declaredSize)
            throws InvalidRequestException {
        if (hasData) {
            json.path().enter(DATA.key);
            throw json.invalid("must be absent when binary_data_size is set");
        }
        json.path().enter(PARAMETERS.key);
        json.path().enter("binary_data_size");
        if (!(declaredSize instanceof Long size) || size < 0) {
            throw json.invalid("must be a non-negative integer, was " + declaredSize);
        }
        if (!binaryForm) {
            throw json.invalid("requires a body in binary form; set the header " + Payload.JSON_LENGTH_HEADER);
        }
        if (size > blobs.remaining()) {
            throw json.invalid("must be at most the " + blobs.remaining() + " remaining bytes, was " + size);
        }
        long expected = shape.elements() * datatype.byteSize();
        if (datatype.isFixedSize() && size != expected) {
            throw json.invalid("must be " + expected + " for " + datatype + " of shape " + shape + ", was " + size);
        }
        ByteBuffer blob = blobs.slice(blobs.position(), size.intValue());
        if (!datatype.isFixedSize() && !Tensor.holdsStrings(blob, shape.elements())) {
            throw json.invalid("must cover exactly " + shape.elements()
                    + " strings, each a uint32 length followed by that many bytes");
        }
        if (datatype == Datatype.BOOL && !Tensor.holdsBooleans(blob)) {
            throw json.invalid("must cover only the bytes 0 and 1, as BOOL requires");
        }
        blobs.position(blobs.position() + size.intValue());
        json.path().leave();
        json.path().leave();
        return blob;
    }
}
