package dev.penstock.model.onnx;

import static dev.penstock.model.Tensors.floats;
import static dev.penstock.model.Tensors.longs;
import static dev.penstock.model.Tensors.strings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.offset;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.penstock.model.InferenceException;
import dev.penstock.model.InferenceException.Kind;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.Session;
import dev.penstock.model.Slot;
import dev.penstock.model.Tensors;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelLoader;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxSlotTest {
    @TempDir
    Path folder;

    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : open) {
            closeable.close();
        }
    }

    @ParameterizedTest
    @EnumSource(value = Datatype.class, names = "BYTES", mode = EnumSource.Mode.EXCLUDE)
    void passesEveryBitOfEveryDatatype(Datatype datatype) throws Exception {
        OnnxSession session = session(OnnxModels.identity(datatype));
        Slot slot = slot(session);
        List<Tensor> requests = List.of(noise(datatype, 2), noise(datatype, 1), noise(datatype, 5));

        for (boolean pinning : List.of(false, true, false)) {
            if (session.mayPinOutputs() && !pinning) {
                session.recordOutputShapes(false);
            }
            assertThat(session.mayPinOutputs()).isEqualTo(pinning);
            slot.assemble(requests.stream().map(List::of).toList());
            Tensor output = slot.run().get(0);

            assertThat(output.name()).isEqualTo("y");
            assertThat(output.datatype()).isEqualTo(datatype);
            assertThat(output.shape()).isEqualTo(Shape.of(8, 3));
            assertThat(output.rows(0, 2).data()).isEqualTo(requests.get(0).data());
            assertThat(output.rows(2, 1).data()).isEqualTo(requests.get(1).data());
            assertThat(output.rows(3, 5).data()).isEqualTo(requests.get(2).data());
        }
    }

    @Test
    void passesStrings() throws Exception {
        Slot slot = slot(session(OnnxModels.identity(Datatype.BYTES)));
        Tensor first = strings("x", Shape.of(1, 3), "", "plain", "Grüße");
        Tensor second = strings("x", Shape.of(2, 3), "中文", "a\nb", "\uffff", "x".repeat(1000), " ", "\u07ff");

        slot.assemble(List.of(List.of(first), List.of(second)));
        Tensor output = slot.run().get(0);

        assertThat(output.shape()).isEqualTo(Shape.of(3, 3));
        assertThat(output.rows(0, 1).data()).isEqualTo(first.data());
        assertThat(output.rows(1, 2).data()).isEqualTo(second.data());
    }

    @Test
    void refusesStringsThatTheRuntimeWouldChange() throws Exception {
        Slot slot = slot(session(OnnxModels.identity(Datatype.BYTES)));

        for (String text : List.of("smile \ud83d\ude00", "nul \u0000")) {
            assertThatExceptionOfType(InferenceException.class)
                    .isThrownBy(() -> slot.assemble(List.of(List.of(strings("x", Shape.of(1, 3), "a", text, "c")))))
                    .withMessageStartingWith("element 1 of input 'x' must not have U+0000 or characters beyond U+FFFF");
        }
        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(() -> slot.assemble(List.of(List.of(Tensors.byteStrings(
                        "x", Shape.of(1, 3), utf8("a"), utf8("b"), new byte[] {(byte) 0xc3, 0x28})))))
                .withMessage("element 2 of input 'x' must be valid UTF-8")
                .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.FAILED));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void returnsTheProbabilitiesOfAClassifierAsATensor(boolean importsTheStandardOperators) throws Exception {
        ModelProto model = OnnxModels.classifier();
        Slot slot = slot(session(
                importsTheStandardOperators
                        ? model
                        : model.toBuilder().removeOpsetImport(0).build()));

        slot.assemble(List.of(
                List.of(floats("x", Shape.of(1, 2), 3, 1)), List.of(floats("x", Shape.of(2, 2), 0, 1, -50, -50))));
        List<Tensor> outputs = slot.run();

        assertThat(outputs.get(0).data())
                .isEqualTo(strings("label", Shape.of(3), "red", "green", "blue").data());
        assertThat(outputs.get(1).shape()).isEqualTo(Shape.of(3, 3));
        List<Float> probabilities = floats(outputs.get(1));
        assertThat(probabilities.get(0)).isCloseTo(0.8803f, offset(0.0005f));
        assertThat(probabilities.get(4)).isCloseTo(0.6652f, offset(0.0005f));
        assertThat(probabilities.get(8)).isCloseTo(1f, offset(0.0005f));
    }

    @Test
    void addsTwoInputsOfSeveralRequests() throws Exception {
        Slot slot = slot(session(OnnxModels.addition()));

        slot.assemble(List.of(
                List.of(floats("a", Shape.of(1, 2), 1, 2), floats("b", Shape.of(1, 2), 10, 20)),
                List.of(floats("a", Shape.of(2, 2), 3, 4, 5, 6), floats("b", Shape.of(2, 2), 30, 40, 50, 60))));

        assertThat(floats(slot.run().get(0))).containsExactly(11f, 22f, 33f, 44f, 55f, 66f);
    }

    @Test
    void runsBatchesOfAllSizesOneAfterTheOther() throws Exception {
        Slot slot = slot(session(OnnxModels.addition()));
        Random random = new Random(7);

        for (int rows : new int[] {1, 64, 3, 64, 1, 17, 200, 2}) {
            float[] a = new float[rows * 2];
            float[] b = new float[rows * 2];
            List<Float> sums = new ArrayList<>();
            for (int i = 0; i < a.length; i++) {
                a[i] = random.nextFloat();
                b[i] = random.nextFloat();
                sums.add(a[i] + b[i]);
            }
            slot.assemble(List.of(List.of(floats("a", Shape.of(rows, 2), a), floats("b", Shape.of(rows, 2), b))));

            assertThat(floats(slot.run().get(0))).isEqualTo(sums);
        }
    }

    @Test
    void derivesTheSizeOfASequenceFromTheRequests() throws Exception {
        OnnxSession session = session(OnnxModels.sequence());
        Slot slot = slot(session);

        for (int length : lengths()) {
            long[] ids = new long[2 * length];
            long[] mask = new long[2 * length];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = i + 1L;
                mask[i] = i % 2;
            }
            Shape shape = Shape.of(2, length);
            slot.assemble(List.of(List.of(longs("ids", shape, ids), longs("mask", shape, mask))));
            List<Tensor> outputs = slot.run();

            assertThat(outputs.get(0).shape()).isEqualTo(shape);
            assertThat(outputs.get(1).shape()).isEqualTo(Shape.of(2));
            assertThat(longs(outputs.get(1)).get(0) + longs(outputs.get(1)).get(1))
                    .isEqualTo(longs(outputs.get(0)).stream()
                            .mapToLong(Long::longValue)
                            .sum());
            assertThat(session.mayPinOutputs()).isTrue();
        }
    }

    int[] lengths() {
        return new int[] {4, 1, 9, 0};
    }

    @Test
    void failsABatchWhoseInputsDisagreeOnASize() throws Exception {
        Slot slot = slot(session(OnnxModels.sequence()));

        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(() -> slot.assemble(
                        List.of(List.of(longs("ids", Shape.of(1, 3), 1, 2, 3), longs("mask", Shape.of(1, 2), 1, 1)))))
                .withMessage("input 'mask' of shape [1, 2] must agree with the other inputs on [sequence]");
    }

    @Test
    void canBeUsedAgainAfterAFailedBatch() throws Exception {
        Slot slot = slot(session(OnnxModels.lookup()));
        Tensor good = longs("index", Shape.of(2), 2, 0);

        for (int i = 0; i < 3; i++) {
            slot.assemble(List.of(List.of(good), List.of(longs("index", Shape.of(1), 99))));
            assertThatExceptionOfType(InferenceException.class)
                    .isThrownBy(slot::run)
                    .withMessageContaining("idx=99")
                    .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.FAILED));

            slot.assemble(List.of(List.of(good)));
            assertThat(floats(slot.run().get(0))).containsExactly(20f, 21f, 0f, 1f);
        }
    }

    @Test
    void reportsARunThatNeedsMoreMemoryThanThereIs() throws Exception {
        Slot slot = slot(session(OnnxModels.memoryHog()));

        slot.assemble(List.of(List.of(longs("size", Shape.of(1), 1L << 45))));

        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(slot::run)
                .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.OUT_OF_MEMORY));
    }

    @Test
    void reportsAnOutputThatIsLargerThanABuffer() throws Exception {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(OnnxModels.value("x", DataType.FLOAT, "batch", 1))
                .addOutput(OnnxModels.value("y", DataType.FLOAT, "batch", 1L << 30))
                .addNode(OnnxModels.node("Identity", List.of("x"), "y"));
        OnnxSession session = session(OnnxModels.model(graph));
        session.recordOutputShapes(true);
        Slot slot = slot(session);

        slot.assemble(List.of(List.of(floats("x", Shape.of(1, 1), 1))));

        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(slot::run)
                .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.OUT_OF_MEMORY));
    }

    @Test
    void returnsTheActualShapeWhenItDiffersFromTheDeclaredOne() throws Exception {
        OnnxSession session = session(OnnxModels.lyingAboutItsOutput());
        Slot slot = slot(session);
        slot.assemble(List.of(List.of(floats("x", Shape.of(1, 3), 0, 0, 0))));
        slot.run();
        assertThat(session.mayPinOutputs()).isTrue();

        for (int i = 0; i < 2; i++) {
            slot.assemble(List.of(List.of(floats("x", Shape.of(1, 4), 0, 0, 0, 0))));
            Tensor output = slot.run().get(0);

            assertThat(output.shape()).isEqualTo(Shape.of(1, 4));
            assertThat(floats(output)).containsExactly(0.5f, 0.5f, 0.5f, 0.5f);
            assertThat(session.mayPinOutputs()).isFalse();
        }
    }

    @Test
    void neverPinsForAModelWhoseFirstRunReturnsAnotherShape() throws Exception {
        OnnxSession session = session(OnnxModels.lyingAboutItsOutput());
        Slot slot = slot(session);

        for (int width : new int[] {4, 3}) {
            slot.assemble(List.of(List.of(floats("x", Shape.of(1, width), new float[width]))));
            assertThat(slot.run().get(0).shape()).isEqualTo(Shape.of(1, width));
            assertThat(session.mayPinOutputs()).isFalse();
        }
    }

    @Test
    void refusesAnOutputWhoseFirstDimensionCountsSomethingElse() throws Exception {
        Slot slot = slot(session(OnnxModels.memoryHog()));
        slot.assemble(List.of(List.of(longs("size", Shape.of(1), 3))));

        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(slot::run)
                .withMessageContaining("output 'y'");
    }

    @Test
    void keepsTwoSlotsOfASessionApart() throws Exception {
        OnnxSession session = session(OnnxModels.addition());
        Slot first = slot(session);
        Slot second = slot(session);

        first.assemble(List.of(List.of(floats("a", Shape.of(1, 2), 1, 1), floats("b", Shape.of(1, 2), 1, 1))));
        second.assemble(List.of(List.of(floats("a", Shape.of(1, 2), 2, 2), floats("b", Shape.of(1, 2), 2, 2))));
        Tensor ofFirst = first.run().get(0);
        Tensor ofSecond = second.run().get(0);

        assertThat(floats(ofFirst)).containsExactly(2f, 2f);
        assertThat(floats(ofSecond)).containsExactly(4f, 4f);
    }

    @Test
    void refusesABatchWithDifferentKeys() throws Exception {
        Slot slot = slot(session(OnnxModels.sequence()));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> slot.assemble(List.of(
                        List.of(longs("ids", Shape.of(1, 1), 1), longs("mask", Shape.of(1, 1), 1)),
                        List.of(longs("ids", Shape.of(1, 2), 1, 2), longs("mask", Shape.of(1, 2), 1, 1)))))
                .withMessage("input 'ids' must be INT64 of shape [-1, 1] in this batch, was INT64 of shape [1, 2]");
        assertThatIllegalStateException().isThrownBy(slot::run).withMessage("a batch must be assembled first");
    }

    /** As in model.yaml. */
    String executionProviders() {
        return "execution_providers: [cpu]";
    }

    final OnnxSession session(ModelProto model) throws Exception {
        OnnxModels.write(folder, "m", 1, model);
        OnnxModels.writeConfig(folder, "m", executionProviders());
        ModelRepository.Contents contents = new ModelRepository(folder, OnnxFile.MAX_BYTES).scan();
        assertThat(contents.refused()).isEmpty();
        ModelDefinition definition = contents.found().get(0);
        OnnxSession session = new OnnxSession(
                SessionOpener.open(ModelLoader.bytes(definition), definition.graph(), definition.config()),
                definition.graph(),
                definition.config());
        open.add(session);
        return session;
    }

    final Slot slot(Session session) {
        Slot slot = session.openSlot();
        open.add(0, slot);
        return slot;
    }

    private static Tensor noise(Datatype datatype, int rows) {
        byte[] bytes = new byte[rows * 3 * datatype.byteSize()];
        new Random(rows).nextBytes(bytes);
        for (int i = 0; i < bytes.length; i++) {
            // BOOL has two values. All other values have their highest bit set, where signed and unsigned differ.
            bytes[i] = (byte) (datatype == Datatype.BOOL ? bytes[i] & 1 : bytes[i] | 0x80);
        }
        return new Tensor("x", datatype, Shape.of(rows, 3), ByteBuffer.wrap(bytes));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
