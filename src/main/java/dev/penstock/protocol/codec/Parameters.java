package dev.penstock.protocol.codec;

import static dev.penstock.protocol.codec.JsonMember.PARAMETERS;

import dev.penstock.protocol.InvalidRequestException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Reads {@code parameters}, the extension point of the protocol: an object whose values are String, Boolean, Long or Double. */
final class Parameters {
    private Parameters() {}

    static Map<String, Object> read(JsonCursor json) throws InvalidRequestException {
        Map<String, Object> parameters = new LinkedHashMap<>();
        for (boolean more = json.open('{'); more; more = json.another('{')) {
            String key = json.key();
            json.path().enter(key);
            if (parameters.size() == json.limits().maxParameters()) {
                throw json.invalid(
                        "must be within the limit of " + json.limits().maxParameters() + " parameters");
            }
            if (parameters.putIfAbsent(key, scalar(json)) != null) {
                throw json.invalid("must appear only once");
            }
            json.path().leave();
        }
        return parameters;
    }

    /** A boolean parameter of the object that was just read. */
    static Optional<Boolean> flag(String name, Map<String, Object> parameters, JsonCursor json)
            throws InvalidRequestException {
        Object value = parameters.get(name);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof Boolean flag)) {
            json.path().enter(PARAMETERS.key);
            json.path().enter(name);
            throw json.invalid("must be a boolean, was " + value);
        }
        return Optional.of(flag);
    }

    private static Object scalar(JsonCursor json) throws InvalidRequestException {
        return switch (json.peek()) {
            case '"' -> json.string();
            case 't', 'f' -> json.bool();
            case '[', '{', 'n' -> throw json.mismatch("a string, a number or a boolean");
            default -> number(json);
        };
    }

    private static Object number(JsonCursor json) throws InvalidRequestException {
        JsonNumber number = json.number();
        if (number.isInteger()) {
            if (!number.fitsLong()) {
                throw json.invalid("must be in the range of INT64, was " + number);
            }
            return number.longValue();
        }
        double value = number.doubleValue();
        if (Double.isInfinite(value)) {
            throw json.invalid("must be in the range of FP64, was " + number);
        }
        return value;
    }
}
