package dev.penstock.messages;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.protocol.Payload;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Requests for the {@link WarmUpModels}, and an answer to one of them. */
public final class WarmUpBodies {
    private static final int SEVERAL_ROWS = 4;

    /** In every form that clients send: JSON with the rows flat and nested, and binary. The parameter asks for binary answers. */
    public static final List<Payload> REQUESTS = List.of(
            json(1, false), binary(1), json(1, true), json(1, false), binary(SEVERAL_ROWS), json(SEVERAL_ROWS, false));

    private WarmUpBodies() {}

    private static Payload json(int rows, boolean areNested) {
        String data = IntStream.range(0, rows)
                .mapToObj(row -> areNested ? "[" + numbers(WarmUpModels.COLUMNS) + "]" : numbers(WarmUpModels.COLUMNS))
                .collect(Collectors.joining(","));
        String head = String.format(
                Locale.ROOT,
                "{\"inputs\":[{\"name\":\"%s\",\"datatype\":\"FP32\",\"shape\":[%d,%d],",
                WarmUpModels.INPUT,
                rows,
                WarmUpModels.COLUMNS);
        return Payload.json((head + "\"data\":[" + data + "]}]}").getBytes(UTF_8));
    }

    private static Payload binary(int rows) {
        int bytes = rows * WarmUpModels.COLUMNS * Float.BYTES;
        return binary(
                String.format(
                        Locale.ROOT,
                        "{\"inputs\":[{\"name\":\"%s\",\"datatype\":\"FP32\",\"shape\":[%d,%d],"
                                + "\"parameters\":{\"binary_data_size\":%d}}],\"parameters\":{\"binary_data_output\":true}}",
                        WarmUpModels.INPUT,
                        rows,
                        WarmUpModels.COLUMNS,
                        bytes),
                rows * WarmUpModels.COLUMNS);
    }

    /** The answer of one row to a request of the ingress's model, in the form of the request. */
    public static Payload answer(boolean isBinary) {
        String head = String.format(
                Locale.ROOT,
                "{\"model_name\":\"%s\",\"model_version\":\"%s\",\"outputs\":[{\"name\":\"%s\",\"datatype\":\"FP32\",\"shape\":[1,%d],",
                WarmUpModels.OF_INGRESS,
                WarmUpModels.VERSION,
                WarmUpModels.OUTPUT,
                WarmUpModels.SCORES);
        return isBinary
                ? binary(
                        head + "\"parameters\":{\"binary_data_size\":" + WarmUpModels.SCORES * Float.BYTES + "}}]}",
                        WarmUpModels.SCORES)
                : Payload.json((head + "\"data\":[" + numbers(WarmUpModels.SCORES) + "]}]}").getBytes(UTF_8));
    }

    private static Payload binary(String json, int floats) {
        byte[] head = json.getBytes(UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(head.length + floats * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(head);
        for (int i = 0; i < floats; i++) {
            bytes.putFloat(number(i));
        }
        return new Payload(bytes.flip(), OptionalInt.of(head.length));
    }

    private static String numbers(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> i % 2 == 0 ? Integer.toString(i) : String.format(Locale.ROOT, "%.6f", number(i)))
                .collect(Collectors.joining(","));
    }

    /** Integers and fractions: readers of numbers treat them apart. */
    private static float number(int index) {
        return index % 2 == 0 ? index : index / 7f;
    }
}
