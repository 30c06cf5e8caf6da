package dev.penstock.app;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

/**
 * The values that a configuration key allows, in words: "100ms to 10m", "at least 16 characters". They come from the constraints on the
 * method of the configuration interface, so an error at startup and docs/configuration.md say the same.
 */
public final class ConfigRange {
    private ConfigRange() {}

    /**
     * The range of a key, or of each element of a list. Empty when the key declares none. Booleans, enums, paths and URLs need no
     * constraint: their type is the range.
     */
    public static Optional<String> of(Method key) {
        Set<Annotation> constraints = new HashSet<>(List.of(key.getAnnotations()));
        AnnotatedType type = key.getAnnotatedReturnType();
        constraints.addAll(List.of(type.getAnnotations()));
        if (rawType(type) == Optional.class) {
            type = argument(type, 0);
            constraints.addAll(List.of(type.getAnnotations()));
        }
        return of(type, constraints);
    }

    private static Optional<String> of(AnnotatedType type, Set<Annotation> constraints) {
        Class<?> raw = rawType(type);
        if (Map.class.isAssignableFrom(raw)) {
            return ofElements(argument(type, 1));
        }
        if (Collection.class.isAssignableFrom(raw)) {
            return ofElements(argument(type, 0));
        }
        return ofType(raw)
                .or(() -> find(constraints, Pattern.class).map(Pattern::message))
                .or(() -> ofLength(constraints))
                .or(() -> ofDuration(constraints))
                .or(() -> ofNumber(constraints));
    }

    private static Optional<String> ofElements(AnnotatedType element) {
        return of(element, new HashSet<>(List.of(element.getAnnotations())));
    }

    private static Optional<String> ofType(Class<?> type) {
        if (type == boolean.class) {
            return Optional.of("true or false");
        }
        if (type.isEnum()) {
            String constants = Arrays.stream(type.getEnumConstants())
                    .map(constant ->
                            ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-'))
                    .collect(Collectors.joining(", "));
            return Optional.of(constants.replaceFirst(", ([^,]*)$", " or $1"));
        }
        if (type == Path.class) {
            return Optional.of("a path");
        }
        return type == URI.class ? Optional.of("an http or https URL") : Optional.empty();
    }

    private static Optional<String> ofLength(Set<Annotation> constraints) {
        Optional<Size> size = find(constraints, Size.class);
        boolean mustHaveText = find(constraints, NotBlank.class).isPresent()
                || find(constraints, NotEmpty.class).isPresent();
        if (size.isEmpty()) {
            return mustHaveText ? Optional.of("any text that is not blank") : Optional.empty();
        }
        int min = Math.max(size.get().min(), mustHaveText ? 1 : 0);
        return Optional.of(min + " to " + size.get().max() + " characters");
    }

    private static Optional<String> ofDuration(Set<Annotation> constraints) {
        Optional<String> min =
                find(constraints, DurationMin.class).map(ConfigRange::duration).map(ConfigRange::text);
        Optional<String> max =
                find(constraints, DurationMax.class).map(ConfigRange::duration).map(ConfigRange::text);
        return range(min, max);
    }

    private static Optional<String> ofNumber(Set<Annotation> constraints) {
        Optional<String> min = find(constraints, Min.class)
                .map(each -> Long.toString(each.value()))
                .or(() -> find(constraints, DecimalMin.class).map(DecimalMin::value))
                .or(() -> find(constraints, Positive.class).map(each -> "above 0"));
        Optional<String> max = find(constraints, Max.class)
                .map(each -> Long.toString(each.value()))
                .or(() -> find(constraints, DecimalMax.class).map(DecimalMax::value));
        return range(min, max);
    }

    /** A range has two ends: a key that declares only one of them has not said what works. */
    private static Optional<String> range(Optional<String> min, Optional<String> max) {
        return min.flatMap(from -> max.map(to -> from + " to " + to));
    }

    /** As an operator writes it: {@code 250ms}, {@code 30s}, {@code 24h}. */
    static String text(Duration duration) {
        if (duration.toNanosPart() % 1_000_000 != 0) {
            return duration.toString();
        }
        if (duration.toNanosPart() != 0) {
            return duration.toMillis() + "ms";
        }
        long seconds = duration.toSeconds();
        if (seconds == 0 || seconds % 60 != 0) {
            return seconds + "s";
        }
        if (seconds % 3600 != 0) {
            return seconds / 60 + "m";
        }
        long hours = seconds / 3600;
        return hours % 24 == 0 && hours > 24 ? hours / 24 + "d" : hours + "h";
    }

    private static Duration duration(DurationMin min) {
        return Duration.ofDays(min.days())
                .plusHours(min.hours())
                .plusMinutes(min.minutes())
                .plusSeconds(min.seconds())
                .plusMillis(min.millis())
                .plusNanos(min.nanos());
    }

    private static Duration duration(DurationMax max) {
        return Duration.ofDays(max.days())
                .plusHours(max.hours())
                .plusMinutes(max.minutes())
                .plusSeconds(max.seconds())
                .plusMillis(max.millis())
                .plusNanos(max.nanos());
    }

    private static <A extends Annotation> Optional<A> find(Set<Annotation> constraints, Class<A> type) {
        return constraints.stream()
                .flatMap(each -> type.isInstance(each) ? Stream.of(type.cast(each)) : Stream.empty())
                .findFirst();
    }

    private static AnnotatedType argument(AnnotatedType type, int index) {
        return ((AnnotatedParameterizedType) type).getAnnotatedActualTypeArguments()[index];
    }

    private static Class<?> rawType(AnnotatedType type) {
        Type java = type.getType();
        return (Class<?>) (java instanceof ParameterizedType generic ? generic.getRawType() : java);
    }
}
