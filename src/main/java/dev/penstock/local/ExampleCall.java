package dev.penstock.local;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** A call of a served model, to type into a shell. The sample models have calls that mean something; others get zeros. */
final class ExampleCall {
    /** Longer input is counted out by the shell. */
    private static final int MAX_TYPED_ELEMENTS = 64;

    private ExampleCall() {}

    /** @param head the input as JSON, up to its elements */
    private record Zeros(String head, String zero, long elements) {}

    /**
     * @param http as in {@code http://localhost:8080}
     * @param metadata of the model, as {@code GET /v2/models/{model}} answers
     */
    static String of(String http, JsonNode metadata) {
        String model = metadata.path("name").asText();
        String curl = "curl -s %s/v2/models/%s/infer".formatted(http.replaceFirst("^http://", ""), model);
        Set<String> inputs =
                Set.copyOf(StreamSupport.stream(metadata.path("inputs").spliterator(), false)
                        .map(input -> input.path("name").asText())
                        .toList());
        if (model.equals("digits") && inputs.contains("pixels")) {
            return curl + " -d @docs/examples/seven.json";
        }
        if (model.equals("churn") && inputs.contains("customer_id")) {
            return curl
                    + " -d '{\"inputs\":[{\"name\":\"customer_id\",\"datatype\":\"INT64\",\"shape\":[2],\"data\":[7,16]}]}'";
        }
        return withZeros(curl, metadata.path("inputs"));
    }

    private static String withZeros(String curl, JsonNode inputs) {
        List<Zeros> all = StreamSupport.stream(inputs.spliterator(), false)
                .map(ExampleCall::zeros)
                .toList();
        if (all.stream().mapToLong(Zeros::elements).sum() <= MAX_TYPED_ELEMENTS) {
            String typed = all.stream()
                    .map(input ->
                            input.head + String.join(",", Collections.nCopies((int) input.elements, input.zero)) + "]}")
                    .collect(Collectors.joining(","));
            return "%s -d '{\"inputs\":[%s]}'".formatted(curl, quoted(typed));
        }
        String counted = all.stream()
                .map(input -> String.format(
                        Locale.ROOT,
                        "printf %%s '%s'; yes '%s' | head -n %d | paste -sd, -; printf ']}'",
                        quoted(input.head),
                        input.zero,
                        input.elements))
                .collect(Collectors.joining("; printf ,; "));
        return "{ printf '{\"inputs\":['; %s; printf ']}'; } | %s -d @-".formatted(counted, curl);
    }

    private static Zeros zeros(JsonNode input) {
        List<Long> shape = StreamSupport.stream(input.path("shape").spliterator(), false)
                .map(size -> Math.max(1, size.asLong()))
                .toList();
        return new Zeros(
                "{\"name\":%s,\"datatype\":%s,\"shape\":%s,\"data\":["
                        .formatted(
                                input.path("name"),
                                input.path("datatype"),
                                shape.toString().replace(" ", "")),
                zero(input.path("datatype").asText()),
                shape.stream().reduce(1L, (size, more) -> size * more));
    }

    private static String zero(String datatype) {
        return switch (datatype) {
            case "BYTES" -> "\"text\"";
            case "BOOL" -> "false";
            default -> "0";
        };
    }

    private static String quoted(String text) {
        return text.replace("'", "'\\''");
    }
}
