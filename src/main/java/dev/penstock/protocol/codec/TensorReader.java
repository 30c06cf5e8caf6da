package dev.penstock.protocol.codec;

import static dev.penstock.protocol.codec.Member.DATA;
import static dev.penstock.protocol.codec.Member.DATATYPE;
import static dev.penstock.protocol.codec.Member.NAME;
import static dev.penstock.protocol.codec.Member.PARAMETERS;
import static dev.penstock.protocol.codec.Member.SHAPE;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads the tensors of one body: their descriptions from its JSON part, their data from there or from the blobs that follow it. */
final class TensorReader {
    private static final Set<Member> MEMBERS =
            Collections.unmodifiableSet(EnumSet.of(NAME, SHAPE, DATATYPE, DATA, PARAMETERS));
    private static final int MAX_RANK = 32;
    /** In {"inputs":[{"data":[…]}]}, data lies this deep. */
    private static final int DATA_DEPTH = 4;

    private final JsonCursor json;
    private final ByteBuffer blobs;
    private final boolean binaryForm;

    /** @param blobs what follows the JSON part; tensors take theirs from the front */
    TensorReader(JsonCursor json, ByteBuffer blobs, boolean binaryForm) {
        this.json = json;
        this.blobs = blobs;
        this.binaryForm = binaryForm;
    }

    /** The tensors of a request; FP16 has no JSON form there. */
    List<Tensor> inputs() throws InvalidRequestException {
        return list(false);
    }

    /** The tensors of a response; FP16 is written as exact numbers. */
    List<Tensor> outputs() throws InvalidRequestException {
        return list(true);
    }

    private List<Tensor> list(boolean fp16InJson) throws InvalidRequestException {
        List<Tensor> tensors = new ArrayList<>();
        for (boolean more = json.open('['); more; more = json.another('[')) {
            json.path().at(tensors.size());
            if (tensors.size() == json.limits().maxTensors()) {
                throw json.broken("must be one of at most " + json.limits().maxTensors());
            }
            Tensor tensor = tensor(fp16InJson);
            for (Tensor other : tensors) {
                if (other.name().equals(tensor.name())) {
                    throw json.broken("must have a name of its own, was a second '" + tensor.name() + "'");
                }
            }
            tensors.add(tensor);
        }
        return tensors;
    }

    /** Refuses blobs that no tensor took. */
    void expectNoMoreBlobs() throws InvalidRequestException {
        if (blobs.hasRemaining()) {
            throw new InvalidRequestException(
                    "body", "must end with the last tensor's binary data, had " + blobs.remaining() + " bytes more");
        }
    }

    private Tensor tensor(boolean fp16InJson) throws InvalidRequestException {
        Set<Member> seen = EnumSet.noneOf(Member.class);
        String name = "";
        Datatype datatype = Datatype.BYTES;
        Shape shape = Shape.of();
        Map<String, Object> parameters = Map.of();
        Optional<ByteBuffer> data = Optional.empty();
        int dataPosition = 0;
        for (boolean more = json.open('{'); more; more = json.another('{')) {
            switch (json.member(MEMBERS, seen)) {
                case NAME -> name = json.name();
                case SHAPE -> shape = shape();
                case DATATYPE -> datatype = datatype();
                case PARAMETERS -> parameters = Parameters.read(json);
                default -> {
                    if (seen.contains(SHAPE) && seen.contains(DATATYPE)) {
                        data = Optional.of(data(datatype, shape, fp16InJson));
                    } else {
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
            return new Tensor(name, datatype, shape, blob(seen, datatype, shape, binarySize));
        }
        json.require(seen, DATA);
        if (data.isEmpty()) {
            json.path().enter(DATA.word);
            int after = json.position();
            json.seek(dataPosition);
            data = Optional.of(data(datatype, shape, fp16InJson));
            json.seek(after);
            json.path().leave();
        }
        return new Tensor(name, datatype, shape, data.get());
    }

    private Datatype datatype() throws InvalidRequestException {
        String name = json.string();
        Optional<Datatype> datatype = Datatype.named(name);
        if (datatype.isEmpty()) {
            throw json.broken("must be one of " + Arrays.toString(Datatype.values()) + ", was '" + name + "'");
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
                throw json.broken("must be one of at most " + MAX_RANK + " dimensions");
            }
            JsonNumber number = json.number();
            if (!number.fitsLong() || number.longValue() < 0) {
                throw json.broken("must be an integer of 0 or more, was " + number);
            }
            long dimension = number.longValue();
            // An empty dimension does not excuse the others: a row must be countable too.
            if (dimension > json.limits().maxElements() / elements) {
                throw json.broken(
                        "must keep the tensor at " + json.limits().maxElements() + " elements or fewer, was " + number);
            }
            elements *= Math.max(dimension, 1);
            if (rank == dimensions.length) {
                dimensions = Arrays.copyOf(dimensions, MAX_RANK);
            }
            dimensions[rank++] = dimension;
        }
        return Shape.of(Arrays.copyOf(dimensions, rank));
    }

    private ByteBuffer data(Datatype datatype, Shape shape, boolean fp16InJson) throws InvalidRequestException {
        if (datatype == Datatype.FP16 && !fp16InJson) {
            throw json.broken("must be in binary form, since FP16 has no JSON form");
        }
        return new DataReader(json, shape, datatype).read();
    }

    private ByteBuffer blob(Set<Member> seen, Datatype datatype, Shape shape, Object declaredSize)
            throws InvalidRequestException {
        if (seen.contains(DATA)) {
            json.path().enter(DATA.word);
            throw json.broken("must not be given beside binary_data_size");
        }
        json.path().enter(PARAMETERS.word);
        json.path().enter("binary_data_size");
        if (!(declaredSize instanceof Long size) || size < 0) {
            throw json.broken("must be an integer of 0 or more, was " + declaredSize);
        }
        if (!binaryForm) {
            throw json.broken("needs a body in the binary form, announced by " + Payload.JSON_LENGTH_HEADER);
        }
        if (size > blobs.remaining()) {
            throw json.broken("must be at most the " + blobs.remaining() + " bytes that are left, was " + size);
        }
        long expected = shape.elements() * datatype.byteSize();
        if (datatype.isFixedSize() && size != expected) {
            throw json.broken("must be " + expected + " for " + datatype + " of shape " + shape + ", was " + size);
        }
        ByteBuffer blob = blobs.slice(blobs.position(), size.intValue());
        if (!datatype.isFixedSize() && !Tensor.holdsStrings(blob, shape.elements())) {
            throw json.broken("must announce " + shape.elements() + " strings, each a length and that many bytes");
        }
        if (datatype == Datatype.BOOL && !Tensor.holdsBooleans(blob)) {
            throw json.broken("must announce bytes of 0 or 1, as BOOL is in binary form");
        }
        blobs.position(blobs.position() + size.intValue());
        json.path().leave();
        json.path().leave();
        return blob;
    }
}
