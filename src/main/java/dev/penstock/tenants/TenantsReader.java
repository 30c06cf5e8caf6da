package dev.penstock.tenants;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.penstock.protocol.Lane;
import dev.penstock.tenants.quota.Quota;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads the tenants file. Rejects unknown keys, and values with the wrong type or range. */
final class TenantsReader {
    private static final YAMLMapper YAML = YAMLMapper.builder(YAMLFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
            .build();

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
    private static final int MOST_WEIGHT = 1000;

    private static final double REQUESTS_PER_SECOND = 100;
    private static final double ROWS_PER_SECOND = 10_000;

    /** The number of requests that arrive in 100 s at the default rate; 2 MB of Redis. */
    private static final int OPEN_REQUESTS = 10_000;

    /** The default burst: what arrives in this many seconds. */
    private static final double BURST_SECONDS = 2;

    private TenantsReader() {}

    private record File(@Nullable Map<String, TenantEntry> tenants) {}

    private record TenantEntry(
            @Nullable List<String> keys,
            @Nullable List<String> models,
            @Nullable List<String> lanes,
            @Nullable Integer weight,
            @Nullable QuotaEntry quota) {}

    private record QuotaEntry(
            @Nullable Boolean unlimited,
            @Nullable Double requestsPerSecond,
            @Nullable Long requestBurst,
            @Nullable Double rowsPerSecond,
            @Nullable Long rowBurst,
            @Nullable Integer openRequests) {
        static final QuotaEntry DEFAULT = new QuotaEntry(null, null, null, null, null, null);
    }

    static Tenants read(byte[] yaml) throws InvalidTenantsException {
        Collection<Tenant> tenants = new ArrayList<>();
        Map<ApiKeyHash, Tenant> byKey = new HashMap<>();
        for (Map.Entry<String, TenantEntry> named : parse(yaml).entrySet()) {
            String path = "tenants." + named.getKey();
            TenantEntry entry = named.getValue();
            if (!NAME.matcher(named.getKey()).matches()) {
                throw new InvalidTenantsException(path, "must have a name that matches " + NAME);
            }
            Tenant tenant = tenant(named.getKey(), path, entry);
            tenants.add(tenant);
            for (String key : Optional.ofNullable(entry.keys).orElse(List.of())) {
                ApiKeyHash hash = checked(path + ".keys", () -> ApiKeyHash.parse(key));
                if (byKey.putIfAbsent(hash, tenant) != null) {
                    throw new InvalidTenantsException(
                            path + ".keys", "must be unique: no key may appear twice, in one tenant or in two");
                }
            }
        }
        return new Tenants(tenants, byKey);
    }

    private static Tenant tenant(String name, String path, TenantEntry entry) throws InvalidTenantsException {
        int weight = Optional.ofNullable(entry.weight).orElse(1);
        if (weight < 1 || weight > MOST_WEIGHT) {
            throw new InvalidTenantsException(path + ".weight", "must be in 1.." + MOST_WEIGHT + ", was " + weight);
        }
        Set<Lane> lanes = entry.lanes == null ? Set.of(Lane.values()) : new TreeSet<>();
        for (String lane : Optional.ofNullable(entry.lanes).orElse(List.of())) {
            lanes.add(Lane.labelled(lane)
                    .orElseThrow(() -> new InvalidTenantsException(
                            path + ".lanes", "must be interactive or bulk, was \"" + lane + "\"")));
        }
        return new Tenant(
                name,
                ApiKeyHash.tagOf(name),
                Optional.ofNullable(entry.models).map(Set::copyOf),
                Set.copyOf(lanes),
                quota(path + ".quota", Optional.ofNullable(entry.quota).orElse(QuotaEntry.DEFAULT)),
                weight);
    }

    private static Optional<Quota> quota(String path, QuotaEntry limits) throws InvalidTenantsException {
        if (Boolean.TRUE.equals(limits.unlimited)) {
            if (!limits.equals(new QuotaEntry(true, null, null, null, null, null))) {
                throw new InvalidTenantsException(path, "must not set limits when unlimited is true");
            }
            return Optional.empty();
        }
        double requests = Optional.ofNullable(limits.requestsPerSecond).orElse(REQUESTS_PER_SECOND);
        double rows = Optional.ofNullable(limits.rowsPerSecond).orElse(ROWS_PER_SECOND);
        return Optional.of(checked(
                path,
                () -> new Quota(
                        requests,
                        Optional.ofNullable(limits.requestBurst).orElse(burst(requests)),
                        rows,
                        Optional.ofNullable(limits.rowBurst).orElse(burst(rows)),
                        OptionalInt.of(Optional.ofNullable(limits.openRequests).orElse(OPEN_REQUESTS)))));
    }

    private static long burst(double perSecond) {
        return Math.max(1, (long) Math.ceil(BURST_SECONDS * perSecond));
    }

    /** Adds the path to the message of a value that failed its own checks. */
    private static <T> T checked(String path, Supplier<T> value) throws InvalidTenantsException {
        try {
            return value.get();
        } catch (IllegalArgumentException broken) {
            throw new InvalidTenantsException(path, String.valueOf(broken.getMessage()));
        }
    }

    private static Map<String, TenantEntry> parse(byte[] yaml) throws InvalidTenantsException {
        try {
            File file = YAML.readValue(yaml, File.class);
            if (file == null || file.tenants == null) {
                throw new InvalidTenantsException("the file", "must be " + expected(File.class));
            }
            return file.tenants;
        } catch (UnrecognizedPropertyException unknown) {
            throw new InvalidTenantsException(
                    path(unknown),
                    "is unknown; known keys: "
                            + unknown.getKnownPropertyIds().stream()
                                    .map(String::valueOf)
                                    .collect(Collectors.joining(", ")));
        } catch (MismatchedInputException wrong) {
            throw new InvalidTenantsException(path(wrong), "must be " + expected(wrong.getTargetType()));
        } catch (JsonProcessingException wrong) {
            Throwable cause = wrong.getCause() instanceof JsonProcessingException parser ? parser : wrong;
            int line = wrong.getLocation() == null ? 0 : wrong.getLocation().getLineNr();
            throw new InvalidTenantsException(
                    "line " + line,
                    "must be valid YAML: "
                            + String.valueOf(cause.getMessage())
                                    .lines()
                                    .findFirst()
                                    .orElse(""));
        } catch (IOException impossible) {
            throw new IllegalStateException("reading from memory cannot fail", impossible);
        }
    }

    private static String path(JsonMappingException wrong) {
        Function<JsonMappingException.Reference, String> step =
                each -> each.getFieldName() == null ? "[" + each.getIndex() + "]" : each.getFieldName();
        return wrong.getPath().isEmpty()
                ? "the file"
                : wrong.getPath().stream().map(step).collect(Collectors.joining("."));
    }

    private static String expected(@Nullable Class<?> type) {
        if (type == null || type == File.class) {
            return "a mapping with the one key tenants";
        }
        if (Number.class.isAssignableFrom(type)) {
            return type == Double.class ? "a number" : "a whole number";
        }
        if (Collection.class.isAssignableFrom(type)) {
            return "a list";
        }
        return type == String.class ? "text" : type == Boolean.class ? "true or false" : "a mapping";
    }
}
