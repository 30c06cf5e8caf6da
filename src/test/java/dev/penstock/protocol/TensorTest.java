package dev.penstock.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class TensorTest {
    @Test
    void refusesDataThatDoesNotMatchItsShape() {
        assertThatThrownBy(() -> new Tensor("x", Datatype.FP32, Shape.of(2), ByteBuffer.allocate(7)))
                .hasMessage("data of 'x' must have 2 elements of 4 bytes, had 7 bytes");
        assertThatThrownBy(() -> new Tensor("x", Datatype.FP32, Shape.of(-1), ByteBuffer.allocate(4)))
                .hasMessageContaining("must be fixed");
        assertThatThrownBy(() -> new Tensor("x", Datatype.BYTES, Shape.of(1), ByteBuffer.allocate(7)))
                .hasMessageContaining("must be 1 strings");
    }

    @Property
    void elementsOfAShapeAreExactOrAnError(@ForAll @LongRange(min = 0) long a, @ForAll @LongRange(min = 0) long b) {
        boolean fits = Math.multiplyHigh(a, b) == 0 && a * b >= 0;
        Shape shape = Shape.of(a, b);

        if (fits) {
            assertThat(shape.elements()).isEqualTo(a * b);
        } else {
            assertThatThrownBy(shape::elements).isInstanceOf(ArithmeticException.class);
        }
    }
}
