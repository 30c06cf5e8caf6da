package dev.penstock.zoo.reference;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Compares answers. Integers, booleans and strings must be equal. Floats may differ by what another order of additions makes, as in a
 * batch of another size: a thousandth of the value, and a hundred-thousandth of the largest value of the tensor. The half floats may differ
 * by a hundredth.
 */
public final class Difference {
    private static final double RELATIVE = 1e-3;
    private static final double RELATIVE_HALF = 1e-2;
    private static final double OF_LARGEST = 1e-5;

    private Difference() {}

    /** What differs first; empty if the answers are the same. Outputs that only {@code actual} has are ignored. */
    public static Optional<String> between(List<Value> expected, List<Value> actual) {
        Map<String, Value> byName =
                actual.stream().collect(Collectors.toMap(Value::name, Function.identity(), (first, second) -> first));
        for (Value value : expected) {
            Value other = byName.get(value.name());
            Optional<String> difference = other == null
                    ? Optional.of("is missing")
                    : form(value, other).or(() -> elements(value, other));
            if (difference.isPresent()) {
                return Optional.of("output '" + value.name() + "' " + difference.get());
            }
        }
        return Optional.empty();
    }

    /** As {@link #between}, for answers of a model that answers at random: names, types and shapes. */
    public static Optional<String> ofForm(List<Value> expected, List<Value> actual) {
        Map<String, Value> byName =
                actual.stream().collect(Collectors.toMap(Value::name, Function.identity(), (first, second) -> first));
        for (Value value : expected) {
            Value other = byName.get(value.name());
            Optional<String> difference = other == null ? Optional.of("is missing") : form(value, other);
            if (difference.isPresent()) {
                return Optional.of("output '" + value.name() + "' " + difference.get());
            }
        }
        return Optional.empty();
    }

    private static Optional<String> form(Value expected, Value actual) {
        if (expected.type() != actual.type()) {
            return Optional.of("must be " + expected.type() + ", was " + actual.type());
        }
        if (!expected.shape().equals(actual.shape())) {
            return Optional.of("must have shape " + expected.shape() + ", had " + actual.shape());
        }
        return Optional.empty();
    }

    private static Optional<String> elements(Value expected, Value actual) {
        if (expected.type() == ElementType.BYTES) {
            List<String> strings = expected.strings();
            List<String> others = actual.strings();
            for (int i = 0; i < strings.size(); i++) {
                if (!Objects.equals(strings.get(i), others.get(i))) {
                    return Optional.of(element(i, strings.get(i), others.get(i)));
                }
            }
            return Optional.empty();
        }
        if (!expected.type().isFloat()) {
            for (int i = 0; i < expected.elements(); i++) {
                if (!expected.integer(i).equals(actual.integer(i))) {
                    return Optional.of(element(i, expected.integer(i), actual.integer(i)));
                }
            }
            return Optional.empty();
        }
        double relative =
                expected.type() == ElementType.FP16 || expected.type() == ElementType.BF16 ? RELATIVE_HALF : RELATIVE;
        double largest = 0;
        for (int i = 0; i < expected.elements(); i++) {
            double number = Math.abs(expected.number(i));
            largest = Double.isFinite(number) ? Math.max(largest, number) : largest;
        }
        for (int i = 0; i < expected.elements(); i++) {
            double wanted = expected.number(i);
            double got = actual.number(i);
            boolean isNear = Double.isFinite(wanted)
                    && Math.abs(wanted - got) <= relative * Math.abs(wanted) + OF_LARGEST * largest;
            boolean isSame = isNear || Double.compare(wanted, got) == 0;
            if (!isSame) {
                return Optional.of(element(
                        i, String.format(Locale.ROOT, "%.6g", wanted), String.format(Locale.ROOT, "%.6g", got)));
            }
        }
        return Optional.empty();
    }

    private static String element(int index, String expected, String actual) {
        return "element %d must be %s, was %s".formatted(index, expected, actual);
    }
}
