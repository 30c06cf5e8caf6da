package dev.penstock.ledger.drive;

import dev.penstock.ledger.Sighting;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** The expected outputs of each input: learnt from calls that run alone, before the load. Immutable once learnt; then thread-safe. */
final class Expectations {
    private final double tolerance;
    private final Map<Integer, Outputs> expected = new HashMap<>();

    /** @param tolerance of floats; batches of another size may round differently */
    Expectations(double tolerance) {
        this.tolerance = tolerance;
    }

    /** @throws IllegalStateException when the service answered the same input differently before */
    void learn(int input, Outputs outputs) {
        Outputs before = expected.putIfAbsent(input, outputs);
        if (before != null && !before.isLike(outputs, tolerance)) {
            throw new IllegalStateException("input %d must have the same outputs each time; it has %s, and had %s"
                    .formatted(input, UnreadableException.shortened(outputs), before));
        }
    }

    /** Inputs whose outputs differ from those of all others: only there would a swapped answer show. */
    long distinct() {
        return expected.keySet().stream()
                .filter(one -> expected.keySet().stream().noneMatch(other -> !other.equals(one) && isLike(one, other)))
                .count();
    }

    /** Judges the outputs of a request with this input and this id. */
    Sighting judge(int input, String id, Outputs outputs) {
        if (!outputs.id().equals(id)) {
            return Sighting.wrong("the response has the id '%s', the request had '%s'".formatted(outputs.id(), id));
        }
        Outputs right = expected.get(input);
        if (right == null) {
            throw new IllegalArgumentException("input %d was not learnt".formatted(input));
        }
        if (right.isLike(outputs, tolerance)) {
            return Sighting.right(outputs.modelVersion());
        }
        String whose = IntStream.range(0, expected.size())
                .filter(other -> outputs.isLike(expected.getOrDefault(other, right), tolerance))
                .mapToObj("the output is that of input %d"::formatted)
                .findFirst()
                .orElseGet(() -> "the output belongs to no input: " + UnreadableException.shortened(outputs.outputs()));
        return Sighting.wrong(whose);
    }

    private boolean isLike(int one, int other) {
        Outputs outputs = expected.get(one);
        Outputs others = expected.get(other);
        return outputs != null && others != null && outputs.isLike(others, tolerance);
    }
}
