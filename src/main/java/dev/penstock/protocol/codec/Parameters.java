package dev.penstock.protocol.codec;

import static dev.penstock.protocol.codec.JsonMember.PARAMETERS;

import dev.penstock.protocol.InvalidRequestException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Reads {@code parameters}, the extension point of the protocol: an object whose values are String, Boolean, Long or Double. */
final class Parameters {
    private Parameters() {}

    /** A null counts as absent, for the whole object and for each value. */
    static Map<String, Object> read(JsonCursor json) throws InvalidRequestException {
        if (json.isNull()) {
            return Map.of();
        }
        Map<String, Object> parameters = new LinkedHashMap<>();
        Set<String> seen = new HashSet<>();
        for (boolean more = json.open('{'); more; more = json.another('{')) {
            String key = json.key();
            json.path().enter(key);
            if (seen.size() == json.limits().maxParameters()) {
                throw json.invalid(
                        "must be within the limit of " + json.limits().maxParameters() + " parameters");
            }
            Optional<Object> value = scalar(json);
            if (!seen.add(key)) {
                throw json.invalid("must appear only once");
            }
            value.ifPresent(present -> parameters.put(key, present));
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

    /** A whole number of at least 0 among the parameters of the object that was just read; empty for 0 too. */
    static OptionalInt count(String name, Map<String, Object> parameters, JsonCursor json)
            throws InvalidRequestException {
        Object value = parameters.get(name);
        if (value == null || value.equals(0L)) {
            return OptionalInt.empty();
        }
        if (!(value instanceof Long count) || count < 0 || count > Integer.MAX_VALUE) {
            json.path().enter(PARAMETERS.key);
            json.path().enter(name);
            throw json.invalid("must be a whole number from 0 to " + Integer.MAX_VALUE + ", was " + value);
        }
        return OptionalInt.of(count.intValue());
    }

    private static Optional<Object> scalar(JsonCursor json) throws InvalidRequestException {
        if (json.isNull()) {
            return Optional.empty();
        }
        return Optional.of(
                switch (json.peek()) {
                    case '"' -> json.string();
                    case 't', 'f' -> json.bool();
                    case '[', '{' -> throw json.mismatch("a string, a number or a boolean");
                    default -> number(json);
                });
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
