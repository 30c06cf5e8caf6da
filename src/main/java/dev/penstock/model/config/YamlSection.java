package dev.penstock.model.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.penstock.model.ModelRefusedException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A mapping in model.yaml, read key by key. Rejects values of the wrong type or range, and keys that were never read. */
final class YamlSection {
    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(us|ms|s|m)");

    private static final Pattern SIZE = Pattern.compile("(\\d{1,9})(KiB|MiB|GiB)");

    private final String path;
    private final JsonNode mapping;
    private final Set<String> knownKeys = new LinkedHashSet<>();

    private YamlSection(String path, JsonNode mapping) {
        this.path = path;
        this.mapping = mapping;
    }

    static YamlSection parse(String yaml) throws ModelRefusedException {
        try {
            JsonNode root = YAML.readTree(yaml);
            if (root.isMissingNode() || root.isNull()) {
                return empty("");
            }
            if (!root.isObject()) {
                throw new ModelRefusedException("model.yaml must be a mapping of keys to values");
            }
            return new YamlSection("", root);
        } catch (MismatchedInputException second) {
            throw new ModelRefusedException(
                    "model.yaml must be one YAML document, has a second near line " + line(second)
                            + "; join them, or delete the line '---' between them",
                    second);
        } catch (JsonProcessingException e) {
            throw new ModelRefusedException(
                    "model.yaml must be valid YAML, has an error near line " + line(e) + ": " + e.getOriginalMessage(),
                    e);
        }
    }

    private static int line(JsonProcessingException broken) {
        return broken.getLocation() == null ? 0 : broken.getLocation().getLineNr();
    }

    private static YamlSection empty(String path) {
        return new YamlSection(path, JsonNodeFactory.instance.objectNode());
    }

    int integer(String key, int min, int max, int defaultValue) throws ModelRefusedException {
        Optional<JsonNode> value = value(key);
        return value.isEmpty() ? defaultValue : integer(key, value.get(), min, max);
    }

    /** In file order; empty if absent. */
    List<Integer> integers(String key, int min, int max) throws ModelRefusedException {
        Optional<JsonNode> value = value(key);
        List<Integer> integers = new ArrayList<>();
        if (value.isPresent()) {
            if (!value.get().isArray()) {
                throw refused(key, "must be a list of integers in " + min + ".." + max, value.get());
            }
            for (JsonNode element : value.get()) {
                integers.add(integer(key, element, min, max));
            }
        }
        return integers;
    }

    double number(String key) throws ModelRefusedException {
        Optional<JsonNode> value = value(key);
        if (value.isEmpty() || !value.get().isNumber()) {
            throw refused(
                    key, "must be a number", value.<Object>map(node -> node).orElse("absent"));
        }
        return value.get().doubleValue();
    }

    /** Distinct names in file order; empty if absent. */
    List<String> names(String key, int max) throws ModelRefusedException {
        String rule = "must be a list of at most " + max + " distinct names";
        Set<String> names = new LinkedHashSet<>();
        for (JsonNode element : list(key, rule, max)) {
            if (!element.isTextual() || element.textValue().isBlank() || !names.add(element.textValue())) {
                throw refused(key, rule, element);
            }
        }
        return List.copyOf(names);
    }

    /** In file order; empty if absent. */
    List<Float> numbers(String key, int max) throws ModelRefusedException {
        String rule = "must be a list of at most " + max + " finite numbers";
        List<Float> numbers = new ArrayList<>();
        for (JsonNode element : list(key, rule, max)) {
            if (!element.isNumber() || !Float.isFinite(element.floatValue())) {
                throw refused(key, rule, element);
            }
            numbers.add(element.floatValue());
        }
        return numbers;
    }

    private Iterable<JsonNode> list(String key, String rule, int max) throws ModelRefusedException {
        Optional<JsonNode> value = value(key);
        if (value.isPresent() && (!value.get().isArray() || value.get().size() > max)) {
            throw refused(key, rule, value.get());
        }
        return value.<Iterable<JsonNode>>map(node -> node).orElse(List.of());
    }

    boolean flag(String key, boolean defaultValue) throws ModelRefusedException {
        Optional<JsonNode> value = value(key);
        if (value.isPresent() && !value.get().isBoolean()) {
            throw refused(key, "must be true or false", value.get());
        }
        return value.map(JsonNode::booleanValue).orElse(defaultValue);
    }

    Optional<String> text(String key) throws ModelRefusedException {
        Optional<JsonNode> value = value(key);
        if (value.isPresent()
                && (!value.get().isTextual() || value.get().textValue().isBlank())) {
            throw refused(key, "must be text", value.get());
        }
        return value.map(JsonNode::textValue);
    }

    /** An enum constant, by its name in lower case. */
    <E extends Enum<E>> Optional<E> choice(String key, Class<E> type) throws ModelRefusedException {
        Optional<JsonNode> value = value(key);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        for (E constant : type.getEnumConstants()) {
            if (nameOf(constant).equals(value.get().textValue())) {
                return Optional.of(constant);
            }
        }
        List<String> names =
                Arrays.stream(type.getEnumConstants()).map(YamlSection::nameOf).toList();
        throw refused(key, "must be one of " + String.join(", ", names), value.get());
    }

    Optional<Duration> duration(String key, Duration min, Duration max) throws ModelRefusedException {
        Optional<JsonNode> value = value(key);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        Matcher matcher = DURATION.matcher(value.get().asText());
        boolean isZero = value.get().isInt() && value.get().intValue() == 0;
        if (isZero || matcher.matches()) {
            Duration duration =
                    isZero ? Duration.ZERO : Duration.of(Long.parseLong(matcher.group(1)), timeUnit(matcher.group(2)));
            if (duration.compareTo(min) >= 0 && duration.compareTo(max) <= 0) {
                return Optional.of(duration);
            }
        }
        throw refused(
                key,
                "must be a duration such as 5ms (us, ms, s, m) in " + inUnits(min) + ".." + inUnits(max),
                value.get());
    }

    OptionalLong bytes(String key, long min, long max) throws ModelRefusedException {
        Optional<JsonNode> value = value(key);
        if (value.isEmpty()) {
            return OptionalLong.empty();
        }
        Matcher matcher = SIZE.matcher(value.get().asText());
        if ((value.get().canConvertToLong() && value.get().isIntegralNumber()) || matcher.matches()) {
            long bytes = matcher.matches()
                    ? Long.parseLong(matcher.group(1)) << sizeShift(matcher.group(2))
                    : value.get().longValue();
            if (bytes >= min && bytes <= max) {
                return OptionalLong.of(bytes);
            }
        }
        throw refused(
                key,
                "must be a number of bytes, or a size such as 512MiB (KiB, MiB, GiB), in " + min + ".." + max,
                value.get());
    }

    YamlSection section(String key) throws ModelRefusedException {
        Optional<JsonNode> value = value(key);
        if (value.isEmpty()) {
            return empty(path + key + ".");
        }
        if (!value.get().isObject()) {
            throw refused(key, "must be a mapping", value.get());
        }
        return new YamlSection(path + key + ".", value.get());
    }

    /** Whether the value is {@code off}, which YAML 1.1 also reads as false. */
    boolean isOff(String key) {
        JsonNode value = mapping.path(key);
        boolean isOff = value.asText().equals("off") || (value.isBoolean() && !value.booleanValue());
        if (isOff) {
            knownKeys.add(key);
        }
        return isOff;
    }

    /** One element, or a list of them that may be nested; at least one. */
    List<WarmUp.Element> elements(String key) throws ModelRefusedException {
        List<WarmUp.Element> elements = new ArrayList<>();
        Optional<JsonNode> value = value(key);
        if (value.isPresent()) {
            addElements(key, value.get(), elements);
        }
        if (elements.isEmpty()) {
            throw refused(
                    key,
                    "must be a number, text, or a list of them",
                    value.map(Object::toString).orElse("absent"));
        }
        return elements;
    }

    private void addElements(String key, JsonNode value, List<WarmUp.Element> elements) throws ModelRefusedException {
        if (value.isArray()) {
            for (JsonNode element : value) {
                addElements(key, element, elements);
            }
        } else if (value.isValueNode() && !value.isNull()) {
            double number = value.isNumber() ? value.doubleValue() : value.isBoolean() ? value.asInt() : Double.NaN;
            elements.add(new WarmUp.Element(number, value.asText()));
        } else {
            throw refused(key, "must be a number, text, or a list of them", value);
        }
    }

    boolean isText(String key) {
        return mapping.path(key).isTextual();
    }

    /** A list whose elements are a name, or a mapping from one name to its options. */
    List<Map.Entry<String, YamlSection>> namedSections(String key) throws ModelRefusedException {
        Optional<JsonNode> value = value(key);
        List<Map.Entry<String, YamlSection>> sections = new ArrayList<>();
        for (JsonNode element : value.<Iterable<JsonNode>>map(node -> node).orElse(List.of())) {
            String name = element.isObject() && element.size() == 1
                    ? element.fieldNames().next()
                    : element.textValue();
            JsonNode options = element.isObject() ? element.path(String.valueOf(name)) : empty(path).mapping;
            if (name == null || !options.isObject()) {
                throw refused(key, "must be a list of names, or of mappings from one name to its options", value.get());
            }
            sections.add(Map.entry(name, new YamlSection(path + key + "." + name + ".", options)));
        }
        if (value.isPresent() && sections.isEmpty()) {
            throw refused(key, "must list at least one name", value.get());
        }
        return sections;
    }

    /** The keys of the mapping, for mappings whose keys the user chooses. */
    List<String> keys() {
        List<String> keys = new ArrayList<>();
        mapping.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    void refuseUnknownKeys() throws ModelRefusedException {
        for (String key : keys()) {
            if (!knownKeys.contains(key)) {
                throw new ModelRefusedException(
                        "model.yaml: key '" + path + key + "' is unknown; known keys: " + String.join(", ", knownKeys));
            }
        }
    }

    ModelRefusedException refused(String key, String rule, Object found) {
        return new ModelRefusedException("model.yaml: " + path + key + " " + rule + ", was " + found);
    }

    private Optional<JsonNode> value(String key) {
        knownKeys.add(key);
        return Optional.ofNullable(mapping.get(key));
    }

    private int integer(String key, JsonNode value, int min, int max) throws ModelRefusedException {
        if (!value.isInt() || value.intValue() < min || value.intValue() > max) {
            throw refused(key, "must be an integer in " + min + ".." + max, value);
        }
        return value.intValue();
    }

    private static String nameOf(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static String inUnits(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + "s" : duration.toMillis() + "ms";
    }

    private static ChronoUnit timeUnit(String unit) {
        return switch (unit) {
            case "us" -> ChronoUnit.MICROS;
            case "ms" -> ChronoUnit.MILLIS;
            case "s" -> ChronoUnit.SECONDS;
            default -> ChronoUnit.MINUTES;
        };
    }

    private static int sizeShift(String unit) {
        return switch (unit) {
            case "KiB" -> 10;
            case "MiB" -> 20;
            default -> 30;
        };
    }
}
