package dev.penstock.zoo.reference;

import static dev.penstock.zoo.Tensors.floats;
import static dev.penstock.zoo.Tensors.integers;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DifferenceTest {

    @Test
    void allowsWhatAnotherOrderOfAdditionsMakes() {
        assertThat(Difference.between(List.of(floats("y", 1, 1000)), List.of(floats("y", 1.0005f, 1000.3f))))
                .isEmpty();
    }

    @Test
    void namesTheFirstElementThatDiffers() {
        assertThat(Difference.between(List.of(floats("y", 1, 2, 3)), List.of(floats("y", 1, 2.01f, 4))))
                .hasValue("output 'y' element 1 must be 2.00000, was 2.01000");
        assertThat(Difference.between(List.of(integers("n", 1L << 60)), List.of(integers("n", (1L << 60) + 1))))
                .hasValue("output 'n' element 0 must be 1152921504606846976, was 1152921504606846977");
    }

    @Test
    void tellsNotANumberFromANumber() {
        assertThat(Difference.between(List.of(floats("y", Float.NaN)), List.of(floats("y", Float.NaN))))
                .isEmpty();
        assertThat(Difference.between(List.of(floats("y", Float.NaN)), List.of(floats("y", 0))))
                .isPresent();
        assertThat(Difference.between(
                        List.of(floats("y", Float.POSITIVE_INFINITY)), List.of(floats("y", Float.MAX_VALUE))))
                .isPresent();
    }

    @Test
    void findsAMissingOutputAndAnotherTypeOrShape() {
        assertThat(Difference.between(List.of(floats("y", 1)), List.of(floats("z", 1))))
                .hasValue("output 'y' is missing");
        assertThat(Difference.between(List.of(floats("y", 1)), List.of(integers("y", 1))))
                .hasValue("output 'y' must be FP32, was INT64");
        assertThat(Difference.ofForm(List.of(floats("y", 1)), List.of(floats("y", 2, 3))))
                .hasValue("output 'y' must have shape [1], had [2]");
    }
}
