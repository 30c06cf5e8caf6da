package dev.penstock.zoo.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.model.OnnxModels;
import dev.penstock.protocol.Datatype;
import dev.penstock.zoo.reference.Reference.Case;
import dev.penstock.zoo.reference.Reference.Kind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The direct runs of ONNX Runtime. */
class ReferenceTest {
    private static final Path ZOO = Path.of("src/test/resources/zoo");

    @TempDir
    Path folder;

    @Test
    void runsTestDataAndAltersIt() throws Exception {
        Path model = ZOO.resolve("test_softmax_axis_0");

        Reference reference = Reference.of(model.resolve("model.onnx"), List.of(model.resolve("test_data_set_0")));

        assertThat(reference.cannotRun()).isEmpty();
        assertThat(reference.isRepeatable()).isTrue();
        assertThat(reference.notes())
                .as("ONNX Runtime gives the outputs of the test data")
                .isEmpty();
        assertThat(reference.cases())
                .extracting(Case::kind)
                .containsExactly(Kind.GIVEN, Kind.ALTERED, Kind.ALTERED, Kind.ALTERED);
        assertThat(reference.cases())
                .extracting(each -> each.inputs().getFirst().data())
                .doesNotHaveDuplicates();
    }

    @Test
    void makesUpInputAndSeventyDifferentRows() throws Exception {
        Path file = OnnxModels.write(folder, "sum", 1, OnnxModels.addition());

        Reference reference = Reference.of(file, List.of());

        Case many = reference.cases().getLast();
        assertThat(many.kind()).isEqualTo(Kind.MANY_ROWS);
        assertThat(many.inputs()).allSatisfy(input -> assertThat(input.shape()).containsExactly(70L, 2L));
        assertThat(many.outputs().getFirst().number(5))
                .isCloseTo(many.inputs().get(0).number(5) + many.inputs().get(1).number(5), within(1e-6));
        assertThat(reference.cases())
                .extracting(each -> each.inputs().getFirst().shape().getFirst())
                .containsExactly(1L, 1L, 2L, 3L, 70L);
    }

    @Test
    void saysThatAModelAnswersAtRandom() throws Exception {
        Path model = ZOO.resolve("test_bernoulli");

        Reference reference = Reference.of(model.resolve("model.onnx"), List.of(model.resolve("test_data_set_0")));

        assertThat(reference.isRepeatable()).isFalse();
    }

    @Test
    void takesTheTestDataWhereTheJavaApiCannotMakeTheInputs() throws Exception {
        Path model = ZOO.resolve("test_max_uint64");

        Reference reference = Reference.of(model.resolve("model.onnx"), List.of(model.resolve("test_data_set_0")));

        assertThat(reference.cannotRun())
                .hasValueSatisfying(reason -> assertThat(reason).contains("UINT64"));
        assertThat(reference.cases()).hasSize(1);
    }

    @Test
    void saysWhyAFileCannotBeRun() throws Exception {
        Path file = Files.writeString(folder.resolve("page.onnx"), "<html>");

        assertThat(Reference.of(file, List.of()).cannotRun())
                .hasValueSatisfying(reason -> assertThat(reason).startsWith("ONNX Runtime cannot load it"));
    }

    @Test
    void survivesTheWayBetweenProcesses() throws Exception {
        Path file = OnnxModels.write(folder, "echo", 1, OnnxModels.identity(Datatype.BYTES));
        Reference reference = Reference.of(file, List.of());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        reference.write(new DataOutputStream(bytes));

        assertThat(Reference.read(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()))))
                .isEqualTo(reference);
    }
}
