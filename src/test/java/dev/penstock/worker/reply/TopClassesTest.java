package dev.penstock.worker.reply;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class TopClassesTest {
    private static final TensorSpec ROWS = new TensorSpec("y", Datatype.FP32, Shape.of(-1, 4));

    @Test
    void areTheHighestOfEachRow() {
        Tensor classes = TopClasses.of(ROWS, floats(Shape.of(2, 4), 1, 5, 10, 4, 0.5f, -1, -2, 1e-8f), 2);

        assertThat(classes.name()).isEqualTo("y");
        assertThat(classes.datatype()).isEqualTo(Datatype.BYTES);
        assertThat(classes.shape()).isEqualTo(Shape.of(2, 2));
        assertThat(texts(classes)).containsExactly("10.0:2", "5.0:1", "0.5:0", "1.0E-8:3");
    }

    @Test
    void carryTheirLabels() {
        TensorSpec labelled = ROWS.withLabels(List.of("apple", "pear", "plum"));

        assertThat(texts(TopClasses.of(labelled, floats(Shape.of(1, 4), 1, 5, 10, 14), 3)))
                .containsExactly("14.0:3", "10.0:2:plum", "5.0:1:pear");
    }

    @Test
    void areAtMostAsManyAsThereAreValues() {
        Tensor classes = TopClasses.of(ROWS, floats(Shape.of(1, 4), 1, 2, 3, 4), 1000);

        assertThat(classes.shape()).isEqualTo(Shape.of(1, 4));
        assertThat(texts(classes)).containsExactly("4.0:3", "3.0:2", "2.0:1", "1.0:0");
    }

    @Test
    void putEqualValuesInOrderAndNaNLast() {
        Tensor values = floats(
                Shape.of(1, 4), Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, Float.POSITIVE_INFINITY);

        assertThat(texts(TopClasses.of(ROWS, values, 4)))
                .containsExactly("Infinity:2", "Infinity:3", "-Infinity:1", "NaN:0");
    }

    @Test
    void ofAnOutputWithoutRowsAreThoseOfTheWhole() {
        TensorSpec whole = new TensorSpec("y", Datatype.FP32, Shape.of(2, 2), OptionalInt.empty());

        Tensor classes = TopClasses.of(whole, floats(Shape.of(2, 2), 1, 4, 3, 2), 2);

        assertThat(classes.shape()).isEqualTo(Shape.of(2));
        assertThat(texts(classes)).containsExactly("4.0:1", "3.0:2");
    }

    @Test
    void findRowsInAnotherDimension() {
        TensorSpec second = new TensorSpec("y", Datatype.FP32, Shape.of(3, -1), OptionalInt.of(1));

        Tensor classes = TopClasses.of(second, floats(Shape.of(3, 2), 1, 10, 3, 30, 2, 20), 1);

        assertThat(classes.shape()).isEqualTo(Shape.of(2, 1));
        assertThat(texts(classes)).containsExactly("3.0:1", "30.0:1");
    }

    @Test
    void compareIntegersByTheirDatatype() {
        TensorSpec unsigned = new TensorSpec("y", Datatype.UINT64, Shape.of(-1, 2));
        Tensor values = new Tensor(
                "y",
                Datatype.UINT64,
                Shape.of(1, 2),
                little(16).putLong(7).putLong(-1).flip());
        TensorSpec bytes = new TensorSpec("y", Datatype.UINT8, Shape.of(-1, 2));
        Tensor small = new Tensor(
                "y",
                Datatype.UINT8,
                Shape.of(1, 2),
                little(2).put((byte) 200).put((byte) 7).flip());

        assertThat(texts(TopClasses.of(unsigned, values, 2))).containsExactly("18446744073709551615:1", "7:0");
        assertThat(texts(TopClasses.of(bytes, small, 1))).containsExactly("200:0");
    }

    private static Tensor floats(Shape shape, float... values) {
        ByteBuffer data = little(values.length * Float.BYTES);
        for (float value : values) {
            data.putFloat(value);
        }
        return new Tensor("y", Datatype.FP32, shape, data.flip());
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static List<String> texts(Tensor tensor) {
        ByteBuffer data = tensor.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
        List<String> texts = new ArrayList<>();
        while (data.hasRemaining()) {
            byte[] text = new byte[data.getInt()];
            data.get(text);
            texts.add(new String(text, UTF_8));
        }
        return texts;
    }
}
