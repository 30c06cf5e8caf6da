package dev.penstock.protocol.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.protocol.Bfloat16;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceRequest.RequestedOutput;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.arbitraries.StringArbitrary;

class CodecProperties {
    private static final ObjectMapper JACKSON = new ObjectMapper();

    private final RequestReader requests = new RequestReader(ReaderLimits.DEFAULT);
    private final ResponseReader responses = new ResponseReader(ReaderLimits.DEFAULT);

    @Property(tries = 500)
    void requestsSurviveEitherForm(@ForAll("requests") InferenceRequest request, @ForAll int binaryMask)
            throws InvalidRequestException, NoJsonFormException {
        Payload payload = RequestWriter.write(request, name -> (binaryMask >> nameIndex(name) & 1) == 1);

        assertThat(requests.read(payload)).isEqualTo(request);
    }

    @Property(tries = 500)
    void responsesSurviveEitherForm(@ForAll("requests") InferenceRequest source, @ForAll int binaryMask)
            throws IOException, NoJsonFormException {
        InferenceResponse response =
                new InferenceResponse("digits", "3", source.id(), source.parameters(), source.inputs());

        Payload payload = ResponseWriter.write(
                response,
                name -> (binaryMask >> nameIndex(name) & 1) == 1,
                binaryMask < 0 ? NonFinite.TEXT : NonFinite.NULL);

        assertThat(responses.read(payload)).isEqualTo(response);
    }

    @Property(tries = 300)
    void neitherTheOrderOfMembersNorNestingMatters(@ForAll("requests") InferenceRequest request, @ForAll Random random)
            throws InvalidRequestException, NoJsonFormException, IOException {
        Payload flat = RequestWriter.write(request, name -> nameIndex(name) % 2 == 1);
        int jsonLength = flat.jsonLength().orElse(flat.bytes().remaining());
        ObjectNode json = (ObjectNode) JACKSON.readTree(flat.bytes().array(), 0, jsonLength);
        for (JsonNode input : json.get("inputs")) {
            if (input.has("data")) {
                ((ObjectNode) input).set("data", nested((ArrayNode) input.get("data"), input.get("shape")));
            }
        }

        byte[] rewritten = shuffled(json, random).toPrettyString().getBytes(UTF_8);
        ByteBuffer blobs = flat.bytes().slice(jsonLength, flat.bytes().remaining() - jsonLength);
        ByteBuffer whole = ByteBuffer.allocate(rewritten.length + blobs.remaining())
                .put(rewritten)
                .put(blobs);

        assertThat(requests.read(Payload.binary(whole.flip(), rewritten.length)))
                .isEqualTo(request);
    }

    @Property(tries = 300)
    void rowsEqualNaiveSlicing(@ForAll("tensors") Tensor tensor, @ForAll int from, @ForAll int count) {
        int rows = (int) tensor.shape().rows();
        int first = Math.floorMod(from, rows + 1);
        int size = Math.floorMod(count, rows - first + 1);

        Tensor slice = tensor.rows(first, size);

        int rowElements = (int) tensor.shape().rowElements();
        assertThat(slice.shape()).isEqualTo(tensor.shape().withRows(size));
        assertThat(elements(slice))
                .isEqualTo(elements(tensor).subList(first * rowElements, (first + size) * rowElements));
    }

    @Provide
    Arbitrary<InferenceRequest> requests() {
        Arbitrary<Object> scalars = Arbitraries.oneOf(
                text().map(Object.class::cast),
                Arbitraries.longs().map(Object.class::cast),
                Arbitraries.doubles().map(Object.class::cast),
                Arbitraries.of(true, false).map(Object.class::cast));
        Arbitrary<List<RequestedOutput>> outputs = Combinators.combine(
                        text().ofMinLength(1), Arbitraries.of(true, false).optional())
                .as(RequestedOutput::new)
                .list()
                .ofMaxSize(3)
                .uniqueElements(RequestedOutput::name);
        return Combinators.combine(
                        text().optional(),
                        Arbitraries.maps(text().map(key -> "p" + key), scalars).ofMaxSize(4),
                        tensors().list().ofMinSize(1).ofMaxSize(4),
                        outputs,
                        Arbitraries.of(true, false))
                .as((id, parameters, tensors, wanted, binary) ->
                        new InferenceRequest(id, parameters, numbered(tensors), wanted, binary));
    }

    /** Tensors of any datatype. Their NaN are alike, since JSON has but one. */
    @Provide
    Arbitrary<Tensor> tensors() {
        Arbitrary<long[]> shapes = Arbitraries.longs()
                .between(0, 4)
                .array(long[].class)
                .ofMinSize(1)
                .ofMaxSize(4);
        return Combinators.combine(Arbitraries.of(Datatype.class), shapes, Arbitraries.randoms())
                .as((datatype, shape, random) -> tensor(datatype, Shape.of(shape), random));
    }

    private static StringArbitrary text() {
        return Arbitraries.strings()
                .withChars("aZ \"\\/\n\t\u0001é€")
                .withCharRange('\u0000', '\ud7ff')
                .ofMaxLength(12);
    }

    private static Tensor tensor(Datatype datatype, Shape shape, Random random) {
        int elements = (int) shape.elements();
        if (datatype == Datatype.BYTES) {
            byte[][] strings = new byte[elements][];
            for (int i = 0; i < elements; i++) {
                int length = random.nextInt(6);
                strings[i] = random.ints(length, 0, 0x110000)
                        .filter(c -> c < 0xd800 || c > 0xdfff)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString()
                        .getBytes(UTF_8);
            }
            return Tensors.strings("x", shape, strings);
        }
        ByteBuffer data = ByteBuffer.allocate(elements * datatype.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < elements; i++) {
            switch (datatype) {
                case BOOL -> data.put((byte) random.nextInt(2));
                case FP16 -> data.putShort(anyHalf(random));
                case BF16 -> data.putShort(Bfloat16.bits(Bfloat16.value((short) random.nextInt())));
                case FP32 -> data.putFloat(random.nextInt(8) == 0 ? Float.NaN : anyFloat(random));
                case FP64 -> data.putDouble(random.nextInt(8) == 0 ? Double.NEGATIVE_INFINITY : anyDouble(random));
                default -> {
                    byte[] bits = new byte[datatype.byteSize()];
                    random.nextBytes(bits);
                    data.put(bits);
                }
            }
        }
        return new Tensor("x", datatype, shape, data.flip());
    }

    /** With the one NaN that JSON knows. */
    private static float anyFloat(Random random) {
        float value = Float.intBitsToFloat(random.nextInt());
        return Float.isNaN(value) ? Float.NaN : value;
    }

    private static short anyHalf(Random random) {
        short bits = (short) random.nextInt();
        return Float.isNaN(Float.float16ToFloat(bits)) ? Float.floatToFloat16(Float.NaN) : bits;
    }

    private static double anyDouble(Random random) {
        double value = Double.longBitsToDouble(random.nextLong());
        return Double.isNaN(value) ? Double.NaN : value;
    }

    /** The same tensors, named t0, t1 and so on. */
    private static List<Tensor> numbered(List<Tensor> tensors) {
        List<Tensor> numbered = new ArrayList<>();
        for (Tensor tensor : tensors) {
            numbered.add(new Tensor("t" + numbered.size(), tensor.datatype(), tensor.shape(), tensor.data()));
        }
        return numbered;
    }

    private static int nameIndex(String name) {
        return Integer.parseInt(name.substring(1));
    }

    private static JsonNode nested(ArrayNode flat, JsonNode shape) {
        List<JsonNode> level = new ArrayList<>();
        flat.forEach(level::add);
        if (level.isEmpty()) {
            return flat;
        }
        for (int dimension = shape.size() - 1; dimension > 0; dimension--) {
            int size = shape.get(dimension).intValue();
            List<JsonNode> above = new ArrayList<>();
            for (int start = 0; start < level.size(); start += size) {
                above.add(JACKSON.createArrayNode().addAll(level.subList(start, start + size)));
            }
            level = above;
        }
        return JACKSON.createArrayNode().addAll(level);
    }

    /** The same JSON with the members of each object in another order. */
    private static JsonNode shuffled(JsonNode node, Random random) {
        if (node instanceof ObjectNode object) {
            List<Map.Entry<String, JsonNode>> members = new ArrayList<>(object.properties());
            Collections.shuffle(members, random);
            ObjectNode copy = JACKSON.createObjectNode();
            members.forEach(member -> copy.set(member.getKey(), shuffled(member.getValue(), random)));
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = JACKSON.createArrayNode();
            array.forEach(entry -> copy.add(shuffled(entry, random)));
            return copy;
        }
        return node;
    }

    private static List<ByteBuffer> elements(Tensor tensor) {
        List<ByteBuffer> elements = new ArrayList<>();
        int offset = 0;
        while (offset < tensor.data().limit()) {
            int size = tensor.datatype().isFixedSize()
                    ? tensor.datatype().byteSize()
                    : Integer.BYTES + tensor.data().getInt(offset);
            elements.add(tensor.data().slice(offset, size));
            offset += size;
        }
        return elements;
    }
}
