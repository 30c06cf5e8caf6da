package dev.penstock.ledger.drive;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.samples.DigitsTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Different inputs for one model.
 *
 * @param bodies the v2 requests, each without the opening brace and the id
 */
record Inputs(List<String> bodies) {
    private static final int COUNT = 64;
    private static final int MAX_ELEMENTS = 100_000;

    Inputs {
        bodies = List.copyOf(bodies);
    }

    /** Handwritten digits for the sample model. */
    static Inputs digits() {
        return new Inputs(DigitsTable.load().heldOut().subList(0, COUNT).stream()
                .map(row -> IntStream.range(0, DigitsTable.PIXELS)
                        .mapToObj(i -> Integer.toString((int) row.pixels()[i]))
                        .collect(Collectors.joining(",")))
                .map(
                        "\"inputs\":[{\"name\":\"pixels\",\"shape\":[1,64],\"datatype\":\"FP32\",\"data\":[%s]}]}"
                                ::formatted)
                .toList());
    }

    /**
     * Small whole numbers, always the same, for a model with numeric or BOOL inputs.
     *
     * @param metadata the model's metadata; variable dimensions become 1
     * @throws IllegalArgumentException when the model has inputs of another datatype, or none
     */
    static Inputs generated(JsonNode metadata) {
        JsonNode tensors = metadata.path("inputs");
        if (!tensors.isArray() || tensors.isEmpty()) {
            throw new IllegalArgumentException(
                    "the model must have inputs, its metadata is " + UnreadableException.shortened(metadata));
        }
        Random random = new Random(1);
        return new Inputs(IntStream.range(0, COUNT)
                .mapToObj(i -> {
                    List<String> inputs = new ArrayList<>();
                    tensors.forEach(tensor -> inputs.add(tensor(tensor, random)));
                    return "\"inputs\":[" + String.join(",", inputs) + "]}";
                })
                .toList());
    }

    int size() {
        return bodies.size();
    }

    /** The body of a request with this id. */
    byte[] body(int input, String id) {
        return ("{\"id\":\"" + id + "\"," + bodies.get(input)).getBytes(UTF_8);
    }

    private static String tensor(JsonNode tensor, Random random) {
        String name = tensor.path("name").asText();
        String datatype = tensor.path("datatype").asText();
        if (datatype.equals("BYTES")) {
            throw new IllegalArgumentException(
                    "inputs must be numbers or BOOL, input %s is %s".formatted(name, datatype));
        }
        List<Integer> shape = new ArrayList<>();
        int elements = 1;
        for (JsonNode dimension : tensor.path("shape")) {
            shape.add(Math.max(1, dimension.asInt()));
            elements = Math.min(MAX_ELEMENTS + 1, elements * shape.getLast());
        }
        if (elements > MAX_ELEMENTS) {
            throw new IllegalArgumentException(
                    "inputs must have at most %d elements, input %s has shape %s".formatted(MAX_ELEMENTS, name, shape));
        }
        String data = IntStream.range(0, elements)
                .mapToObj(i -> datatype.equals("BOOL")
                        ? Boolean.toString(random.nextBoolean())
                        : Integer.toString(random.nextInt(17)))
                .collect(Collectors.joining(","));
        return "{\"name\":\"%s\",\"shape\":%s,\"datatype\":\"%s\",\"data\":[%s]}"
                .formatted(name, shape.toString().replace(" ", ""), datatype, data);
    }
}
