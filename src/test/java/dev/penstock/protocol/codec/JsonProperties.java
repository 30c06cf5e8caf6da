package dev.penstock.protocol.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.protocol.Bfloat16;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsReport;

/** Compares the JSON reader with trusted implementations: the JDK for numbers, Jackson for the grammar. */
class JsonProperties {
    /** Takes a name twice in an object, as the reader does within a member that it ignores. */
    private static final ObjectMapper JACKSON = new ObjectMapper();

    private static final String SEED = """
            {"id": "a\\u00e9\\n", "parameters": {"a": -1.5e3, "b": true, "c": "ü"},
             "inputs": [{"name": "x", "shape": [2, 2], "datatype": "INT16", "data": [[1, -2], [30, 4]]},
                        {"data": ["a", "\\ud83d\\ude00"], "datatype": "BYTES", "shape": [2], "name": "y"}],
             "outputs": [{"name": "z"}]}""";

    private final RequestReader reader = new RequestReader(ReaderLimits.DEFAULT);

    @Property(tries = 20_000)
    void numbersAreTheNearestOfTheirDatatype(@ForAll("numbers") String text) {
        JsonNumber number = scan(text);

        assertThat(number.floatValue()).isEqualTo(Float.parseFloat(text));
        assertThat(number.doubleValue()).isEqualTo(Double.parseDouble(text));
    }

    @Property(tries = 20_000, shrinking = ShrinkingMode.OFF)
    void numbersNearTheMiddleOfTwoFloatsRoundToTheNearest(
            @ForAll float some, @ForAll boolean above, @ForAll("nudges") BigDecimal nudge) {
        Assume.that(Math.abs(some) < Float.MAX_VALUE);
        BigDecimal low = new BigDecimal(some);
        BigDecimal high = new BigDecimal(above ? Math.nextUp(some) : Math.nextDown(some));
        BigDecimal middle = low.add(high).divide(BigDecimal.valueOf(2));
        String text = middle.multiply(nudge.add(BigDecimal.ONE)).toString().replace("E+", "E");

        if (text.length() <= JsonNumber.MAX_LENGTH) {
            assertThat(scan(text).floatValue()).isEqualTo(Float.parseFloat(text));
        }
        String short19 = middle.round(new MathContext(19)).toString().replace("E+", "E");
        assertThat(scan(short19).floatValue()).isEqualTo(Float.parseFloat(short19));
    }

    /** The FP16 and BF16 numbers around any value, and what is halfway between them, with and without a nudge. */
    @Property(tries = 20_000, shrinking = ShrinkingMode.OFF)
    void shortFloatsAreTheNearestToTheExactValue(
            @ForAll short bits, @ForAll boolean isHalf, @ForAll boolean isMiddle, @ForAll("nudges") BigDecimal nudge) {
        short low = (short) (bits & 0x7fff);
        short high = (short) (low + 1);
        Assume.that(Float.isFinite(value(high, isHalf)) && low != Short.MAX_VALUE);
        BigDecimal below = new BigDecimal(value(low, isHalf));
        BigDecimal above = new BigDecimal(value(high, isHalf));
        BigDecimal step = above.subtract(below);
        BigDecimal exact = below.add(step.multiply(new BigDecimal(isMiddle ? "0.5" : "0.25")))
                .add(step.multiply(nudge));
        int side = exact.subtract(below).compareTo(above.subtract(exact));
        short nearest = side < 0 ? low : side > 0 ? high : (low & 1) == 0 ? low : high;
        String text = exact.toString().replace("E+", "E");
        Assume.that(text.length() < JsonNumber.MAX_LENGTH);

        assertThat(isHalf ? scan(text).halfBits() : scan(text).bfloatBits()).isEqualTo(nearest);
        assertThat(isHalf ? scan("-" + text).halfBits() : scan("-" + text).bfloatBits())
                .isEqualTo((short) (nearest | 0x8000));
    }

    private static float value(short bits, boolean isHalf) {
        return isHalf ? Float.float16ToFloat(bits) : Bfloat16.value(bits);
    }

    @Property(tries = 20_000)
    void integersAreRecognizedInAnyNotation(
            @ForAll("integers") BigInteger unscaled, @ForAll("scales") int scale, @ForAll boolean isPlain) {
        BigDecimal value = new BigDecimal(unscaled, scale);
        String text = isPlain ? value.toPlainString() : unscaled + "e" + -scale;
        JsonNumber number = scan(text);
        Optional<BigInteger> integer =
                value.stripTrailingZeros().scale() > 0 ? Optional.empty() : Optional.of(value.toBigInteger());

        assertThat(number.isIntegral()).as(text).isEqualTo(integer.isPresent());
        assertThat(number.fitsLong())
                .isEqualTo(integer.filter(i -> i.bitLength() <= 63).isPresent());
        assertThat(number.fitsUnsignedLong())
                .isEqualTo(integer.filter(i -> i.signum() >= 0 && i.bitLength() <= 64)
                        .isPresent());
        if (number.fitsLong()) {
            assertThat(number.longValue()).isEqualTo(value.longValueExact());
        }
        if (number.fitsUnsignedLong()) {
            assertThat(number.unsignedLongValue())
                    .isEqualTo(value.toBigInteger().longValue());
        }
    }

    @Property(tries = 5_000)
    void integersFitExactlyWhereTheyAreInRange(@ForAll("integers") BigInteger value) {
        JsonNumber number = scan(value.toString());

        assertThat(number.fitsLong()).isEqualTo(value.bitLength() <= 63);
        assertThat(number.fitsUnsignedLong()).isEqualTo(value.signum() >= 0 && value.bitLength() <= 64);
        if (number.fitsLong()) {
            assertThat(number.longValue()).isEqualTo(value.longValueExact());
        }
        if (number.fitsUnsignedLong()) {
            assertThat(number.unsignedLongValue()).isEqualTo(value.longValue());
        }
    }

    @Example
    void hugeExponentsDoNotWrap() {
        for (String text : List.of("0e99999999999999999999", "1e99999999999999999999", "1e-99999999999999999999")) {
            assertThat(scan(text).floatValue()).isEqualTo(Float.parseFloat(text));
            assertThat(scan(text).doubleValue()).isEqualTo(Double.parseDouble(text));
        }
    }

    /** Mutates a few bytes of a body. If the reader accepts it, it is JSON, and Jackson reads the same values. */
    @Property(tries = 20_000)
    @StatisticsReport(onFailureOnly = true)
    void acceptsOnlyJsonAndAgreesWithJackson(@ForAll Random random) throws IOException {
        byte[] body = mutated(SEED.getBytes(UTF_8), random);
        InferenceRequest request;
        try {
            request = reader.read(Payload.json(body));
        } catch (InvalidRequestException e) {
            Statistics.collect("refused");
            return;
        }
        Statistics.collect("taken");

        JsonNode json;
        try (JsonParser parser = JACKSON.createParser(body)) {
            json = parser.readValueAsTree();
            assertThat(parser.nextToken()).isNull();
        }
        assertThat(request.id().orElse("")).isEqualTo(json.path("id").asText());
        for (int i = 0; i < request.inputs().size(); i++) {
            assertThat(valuesOf(request.inputs().get(i)))
                    .isEqualTo(leavesOf(json.get("inputs").get(i).get("data")));
        }
    }

    @Provide
    Arbitrary<String> numbers() {
        Arbitrary<String> digits =
                Arbitraries.strings().numeric().ofMinLength(1).ofMaxLength(24);
        Arbitrary<String> made = Combinators.combine(
                        Arbitraries.of("", "-"),
                        digits,
                        digits.map(fraction -> "." + fraction).injectNull(0.3),
                        Arbitraries.integers()
                                .between(-70, 70)
                                .map(power -> "e" + power)
                                .injectNull(0.3))
                .as((sign, whole, fraction, power) -> sign
                        + new BigInteger(whole)
                        + (fraction == null ? "" : fraction)
                        + (power == null ? "" : power));
        return Arbitraries.oneOf(
                made,
                Arbitraries.integers()
                        .map(Float::intBitsToFloat)
                        .filter(Float::isFinite)
                        .map(String::valueOf),
                // A Python client sends a float as a double.
                Arbitraries.integers()
                        .map(Float::intBitsToFloat)
                        .filter(Float::isFinite)
                        .map(f -> Double.toString(f)),
                Arbitraries.longs()
                        .map(Double::longBitsToDouble)
                        .filter(Double::isFinite)
                        .map(String::valueOf));
    }

    @Provide
    Arbitrary<BigDecimal> nudges() {
        return Arbitraries.of("0", "1e-14", "-1e-14", "1e-15", "-1e-15", "3e-16", "-3e-16", "1e-17", "-1e-17", "1e-30")
                .map(BigDecimal::new);
    }

    @Provide
    Arbitrary<Integer> scales() {
        return Arbitraries.integers().between(-24, 24);
    }

    @Provide
    Arbitrary<BigInteger> integers() {
        Arbitrary<BigInteger> edges = Combinators.combine(
                        Arbitraries.of(7, 8, 15, 31, 32, 63, 64, 65, 66),
                        Arbitraries.integers().between(-2, 2),
                        Arbitraries.of(true, false))
                .as((bits, offset, minus) -> {
                    BigInteger value = BigInteger.ONE.shiftLeft(bits).add(BigInteger.valueOf(offset));
                    return minus ? value.negate() : value;
                });
        Arbitrary<BigInteger> any =
                Arbitraries.bigIntegers().between(BigInteger.TEN.pow(22).negate(), BigInteger.TEN.pow(22));
        return Arbitraries.oneOf(edges, any);
    }

    private static JsonNumber scan(String text) {
        byte[] padded = (" " + text + ",").getBytes(ISO_8859_1);
        JsonNumber number = new JsonNumber();
        assertThat(number.scan(padded, 1, padded.length)).isEqualTo(text.length() + 1);
        return number;
    }

    private static byte[] mutated(byte[] body, Random random) {
        String alphabet = "{}[]\",:\\ 0123456789eE+-.truefalsnxyINu\u0000\u00e9";
        byte[] mutated = body.clone();
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(mutated.length);
            switch (random.nextInt(4)) {
                case 0 -> mutated[at] = (byte) alphabet.charAt(random.nextInt(alphabet.length()));
                case 1 -> mutated[at] = mutated[random.nextInt(mutated.length)];
                case 2 -> mutated[at] = ' ';
                default -> mutated[at] = (byte) random.nextInt(256);
            }
        }
        return mutated;
    }

    private static List<String> valuesOf(Tensor tensor) {
        List<String> values = new ArrayList<>();
        ByteBuffer data = tensor.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        while (data.hasRemaining()) {
            switch (tensor.datatype()) {
                case INT16 -> values.add(Short.toString(data.getShort()));
                case UINT16 -> values.add(Integer.toString(Short.toUnsignedInt(data.getShort())));
                case BYTES -> {
                    byte[] text = new byte[data.getInt()];
                    data.get(text);
                    values.add(new String(text, UTF_8));
                }
                // Very unlikely with so few changes.
                case INT32 -> values.add(Integer.toString(data.getInt()));
                case INT64 -> values.add(Long.toString(data.getLong()));
                default -> throw new AssertionError("changed bytes made it " + tensor.datatype());
            }
        }
        return values;
    }

    private static List<String> leavesOf(JsonNode node) {
        List<String> leaves = new ArrayList<>();
        if (node.isArray()) {
            node.forEach(entry -> leaves.addAll(leavesOf(entry)));
        } else {
            leaves.add(node.asText());
        }
        return leaves;
    }
}
