package dev.penstock.features.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A feature server's answer, read as it streams in. What is odd about a value, such as a {@code NaN}, is kept as such: it is trouble of one entity,
 * and none of the others.
 *
 * <p>It is {@code GetOnlineFeaturesResponse} of Feast's {@code protos/feast/serving/ServingService.proto} as JSON: as its Python server writes it
 * ({@code sdk/python/feast/feature_server.py} with {@code proto_json.py}: plain values and a plain list of names), as its Go server does
 * ({@code go/internal/feast/server/http_server.go}: the same), and as protobuf's own JSON has it, with wrapped values and names
 * ({@code {"int64_val":"7"}}, {@code {"val":[…]}}) and statuses as names or numbers.
 */
final class FeastAnswer {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            // What is too long or too deep is refused by ourselves, for its entity only, before anybody converts it.
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .build())
            .build();

    /** As numbered in Feast's FieldStatus. */
    private static final List<String> STATUSES =
            List.of("INVALID", "PRESENT", "NULL_VALUE", "NOT_FOUND", "OUTSIDE_MAX_AGE");

    /** More digits than any float64 has. */
    private static final int LONGEST_NUMBER = 400;

    private final List<String> names = new ArrayList<>();
    private final List<Column> columns = new ArrayList<>();

    /** A feature of all entities; missing where the column is too short. */
    record Column(List<JsonNode> values, List<String> statuses) {
        JsonNode value(int index) {
            return index < values.size() ? values.get(index) : MissingNode.getInstance();
        }

        String status(int index) {
            return index < statuses.size() ? statuses.get(index) : "";
        }
    }

    private interface Reading {
        void read(String field) throws IOException;
    }

    private FeastAnswer() {}

    /** @throws IOException when it is not JSON */
    static FeastAnswer read(byte[] body) throws IOException {
        FeastAnswer answer = new FeastAnswer();
        try (JsonParser json = JSON.createParser(body)) {
            json.nextToken();
            fields(json, field -> {
                switch (field) {
                    case "metadata" -> fields(json, inner -> answer.readMetadata(inner, json));
                    case "results" -> elements(json, none -> answer.columns.add(column(json)));
                    default -> json.skipChildren();
                }
            });
        }
        return answer;
    }

    /** The column of the first of these names that there is. */
    Optional<Column> column(String... called) {
        for (String name : called) {
            int at = names.indexOf(name);
            if (at >= 0 && at < columns.size()) {
                return Optional.of(columns.get(at));
            }
        }
        return Optional.empty();
    }

    private void readMetadata(String field, JsonParser json) throws IOException {
        if (!field.equals("feature_names") && !field.equals("featureNames")) {
            json.skipChildren();
        } else if (json.currentToken() == JsonToken.START_OBJECT) {
            fields(json, wrapped -> elements(json, none -> names.add(text(json))));
        } else {
            elements(json, none -> names.add(text(json)));
        }
    }

    private static Column column(JsonParser json) throws IOException {
        Column column = new Column(new ArrayList<>(), new ArrayList<>());
        fields(json, field -> {
            switch (field) {
                case "values" ->
                    elements(
                            json,
                            none -> column.values.add(
                                    json.currentToken() == JsonToken.START_OBJECT ? unwrapped(json) : value(json)));
                case "statuses" -> elements(json, none -> column.statuses.add(status(json)));
                default -> json.skipChildren();
            }
        });
        return column;
    }

    private static JsonNode value(JsonParser json) throws IOException {
        return switch (json.currentToken()) {
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(json);
            case VALUE_TRUE -> BooleanNode.TRUE;
            case VALUE_FALSE -> BooleanNode.FALSE;
            case VALUE_NULL -> NullNode.getInstance();
            case VALUE_STRING -> TextNode.valueOf(json.getText());
            default -> other(json);
        };
    }

    /** A protobuf value: of its fields one is set, named by its type. */
    private static JsonNode unwrapped(JsonParser json) throws IOException {
        List<JsonNode> set = new ArrayList<>();
        fields(json, type -> {
            JsonNode value = value(json);
            boolean isNumber = type.matches("(int32|int64|float|double)(_val|Val)");
            set.add(isNumber && value.isTextual() ? quoted(value.textValue()) : value);
        });
        return set.size() == 1 ? set.getFirst() : MissingNode.getInstance();
    }

    private static JsonNode other(JsonParser json) throws IOException {
        json.skipChildren();
        return MissingNode.getInstance();
    }

    private static JsonNode number(JsonParser json) throws IOException {
        if (json.getTextLength() > LONGEST_NUMBER) {
            return DoubleNode.valueOf(Double.POSITIVE_INFINITY);
        }
        return switch (json.getNumberType()) {
            case INT, LONG -> LongNode.valueOf(json.getLongValue());
            default -> DoubleNode.valueOf(json.getDoubleValue());
        };
    }

    /** As protobuf's JSON has integers of 64 bits, and what is no finite number; other text stays text. */
    private static JsonNode quoted(String text) {
        if (text.matches("-?[0-9]{1,18}")) {
            return LongNode.valueOf(Long.parseLong(text));
        }
        try {
            return DoubleNode.valueOf(text.length() > LONGEST_NUMBER ? Double.NaN : Double.parseDouble(text));
        } catch (NumberFormatException none) {
            return TextNode.valueOf(text);
        }
    }

    private static String status(JsonParser json) throws IOException {
        String status = text(json);
        return status.matches("[0-4]") ? STATUSES.get(Integer.parseInt(status)) : status;
    }

    private static String text(JsonParser json) throws IOException {
        String text = json.currentToken().isScalarValue() ? json.getText() : "";
        json.skipChildren();
        return text;
    }

    /** Reads each field of the object at hand, from its value's first token on; what is no object has none. */
    private static void fields(JsonParser json, Reading each) throws IOException {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            json.skipChildren();
            return;
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            each.read(name);
        }
    }

    private static void elements(JsonParser json, Reading each) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            json.skipChildren();
            return;
        }
        while (json.nextToken() != JsonToken.END_ARRAY) {
            each.read("");
        }
    }
}
