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
 * A response of a Feast feature server, read by a streaming parser. An unusual value, such as {@code NaN}, is kept as it is: it spoils the
 * result of its own entity only.
 *
 * <p>The format is {@code GetOnlineFeaturesResponse} of Feast's {@code protos/feast/serving/ServingService.proto} as JSON. Three variants
 * are accepted:
 *
 * <ul>
 *   <li>the Python server ({@code sdk/python/feast/feature_server.py} with {@code proto_json.py}): plain values and a plain list of names
 *   <li>the Go server ({@code go/internal/feast/server/http_server.go}): the same
 *   <li>protobuf's own JSON: wrapped values and names ({@code {"int64_val":"7"}}, {@code {"val":[…]}}), and statuses as names or numbers
 * </ul>
 */
final class FeastResponse {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            // This class rejects values that are too long or too deep, before their conversion and for their own entity
            // only.
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .build())
            .build();

    /** Names of Feast's {@code FieldStatus}, by number. */
    private static final List<String> STATUSES =
            List.of("INVALID", "PRESENT", "NULL_VALUE", "NOT_FOUND", "OUTSIDE_MAX_AGE");

    /** More characters than any float64 needs. */
    private static final int LONGEST_NUMBER = 400;

    private final List<String> names = new ArrayList<>();
    private final List<Column> columns = new ArrayList<>();

    /** The values and statuses of one feature for all entities. An index beyond the end gives a missing value and an empty status. */
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

    private FeastResponse() {}

    /** @throws IOException when the body is not JSON */
    static FeastResponse read(byte[] body) throws IOException {
        FeastResponse answer = new FeastResponse();
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

    /** Returns the column of the first name that the response has. */
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

    /** Reads a protobuf value: an object with one field, named after its type. */
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

    /** Converts a number in quotes: protobuf's JSON quotes 64-bit integers and non-finite numbers. Other text stays text. */
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

    /** Calls {@code each} at the first token of every field's value. Skips a value that is not an object. */
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
