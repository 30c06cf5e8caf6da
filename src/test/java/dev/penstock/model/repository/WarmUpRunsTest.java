package dev.penstock.model.repository;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.penstock.model.InferenceException;
import dev.penstock.model.InferenceException.Kind;
import dev.penstock.model.MeasuredRun;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.Slot;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A scripted session: its clock and its memory are numbers. */
class WarmUpRunsTest {
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    Path folder;

    private final List<Integer> ran = new ArrayList<>();
    private final List<String> first = new ArrayList<>();
    private long now;
    private long bytes;
    private long nanosPerRow = 1000;
    private long bytesPerRow = 1;
    private int mostRows;
    private Predicate<Tensor> fails = input -> false;

    @Test
    void growsFromOneRowToAFullBatch() throws Exception {
        WarmUpRuns.Measured measured = warmUp(OnnxModels.identity(Datatype.FP32), "", true);

        assertThat(rows(measured)).containsExactly(1, 8, 64);
        assertThat(measured.rowsPerSecond()).isEqualTo(1e6);
        assertThat(measured.notes()).isEmpty();
    }

    /** A model that takes 4 s for a row would take 269 s for a full batch and its repetitions. */
    @Test
    void stopsWhereTheNextRunWouldTakeTooLong() throws Exception {
        nanosPerRow = 4 * SECOND;

        WarmUpRuns.Measured measured = warmUp(OnnxModels.identity(Datatype.FP32), "", true);

        assertThat(rows(measured)).containsExactly(1);
        assertThat(now).isLessThanOrEqualTo(12 * SECOND);
        assertThat(measured.notes())
                .containsExactly(
                        "it is not fully warm: the warm-up with 8 rows would take more than 10 s (warm_up.time)");
    }

    /** Eight rows would take eight times as long as one, with their repetition more than is left. */
    @Test
    void stopsWhereMoreRowsWouldTakeTooLong() throws Exception {
        nanosPerRow = SECOND * 6 / 10;

        WarmUpRuns.Measured measured = warmUp(OnnxModels.identity(Datatype.FP32), "", true);

        assertThat(rows(measured)).containsExactly(1);
    }

    @Test
    void leavesOutTheRestOnceTheTimeIsUp() throws Exception {
        nanosPerRow = 4 * SECOND;

        WarmUpRuns.Measured measured =
                warmUp(OnnxModels.sequence(), "warm_up: {rows: [1], sizes: {sequence: [1, 2, 3, 4, 5, 6, 7]}}", true);

        assertThat(rows(measured)).hasSize(2);
        assertThat(now).isLessThanOrEqualTo(16 * SECOND);
    }

    @Test
    void stopsWhereTheNextRunWouldTakeTooMuchMemory() throws Exception {
        bytesPerRow = 170 << 20;

        WarmUpRuns.Measured measured = warmUp(OnnxModels.identity(Datatype.FP32), "", true);

        assertThat(rows(measured)).containsExactly(1);
        assertThat(bytes).isLessThan(1 << 30);
        assertThat(measured.notes())
                .containsExactly(
                        "it is not fully warm: the warm-up with 8 rows would take about 1.3 GiB, more than 1.0 GiB"
                                + " (warm_up.memory); max_batch_size bounds what requests take");
    }

    @Test
    void makesNoInputThatIsLargerThanTheBudget() throws Exception {
        ModelProto huge = OnnxModels.model(GraphProto.newBuilder()
                .addInput(OnnxModels.value("x", DataType.FLOAT, "batch", 20_000, 20_000))
                .addOutput(OnnxModels.value("y", DataType.FLOAT, "batch", 20_000, 20_000))
                .addNode(OnnxModels.node("Identity", List.of("x"), "y")));

        WarmUpRuns.Measured measured = warmUp(huge, "", true);

        assertThat(ran).isEmpty();
        assertThat(measured.notes())
                .containsExactly(
                        "it is not fully warm: the warm-up with 1 rows would take about 1.5 GiB, more than 1.0 GiB"
                                + " (warm_up.memory); max_batch_size bounds what requests take");
    }

    @Test
    void growsAsFarAsTheConfiguredBudgetAllows() throws Exception {
        nanosPerRow = SECOND;
        bytesPerRow = 170 << 20;

        WarmUpRuns.Measured measured =
                warmUp(OnnxModels.identity(Datatype.FP32), "warm_up: {time: 20m, memory: 100GiB}", true);

        assertThat(rows(measured)).containsExactly(1, 8, 64);
        assertThat(measured.notes()).isEmpty();
    }

    @Test
    void runsEveryShapeOnAGpu() throws Exception {
        nanosPerRow = 4 * SECOND;
        bytesPerRow = 1 << 30;

        assertThat(rows(warmUp(OnnxModels.identity(Datatype.FP32), "", false))).containsExactly(1, 8, 64);
    }

    @Test
    void fillsInputsWithOnes() throws Exception {
        warmUp(OnnxModels.identity(Datatype.BYTES), "max_batch_size: 1", true);

        assertThat(first).first().isEqualTo("1,1,1");
    }

    @Test
    void fillsInputsWithZerosWhereOnesFail() throws Exception {
        fails = input -> input.data().get(4) == '1';

        WarmUpRuns.Measured measured = warmUp(OnnxModels.identity(Datatype.BYTES), "max_batch_size: 2", true);

        assertThat(first).startsWith("1,1,1", "0,0,0").doesNotContain("");
        assertThat(rows(measured)).containsExactly(1, 2);
        assertThat(measured.notes()).isEmpty();
    }

    @Test
    void notesAFailureOnMadeUpInput() throws Exception {
        fails = input -> true;

        WarmUpRuns.Measured measured = warmUp(OnnxModels.identity(Datatype.FP32), "", true);

        assertThat(measured.runs()).isEmpty();
        assertThat(measured.rowsPerSecond()).isZero();
        assertThat(measured.notes())
                .containsExactly(
                        "the warm-up with 1 rows failed: the script says so; give real elements in warm_up.values,"
                                + " or set warm_up: off");
    }

    @Test
    void notesABatchThatFailsAndKeepsWhatRan() throws Exception {
        mostRows = 8;

        WarmUpRuns.Measured measured = warmUp(OnnxModels.identity(Datatype.FP32), "", true);

        assertThat(rows(measured)).containsExactly(1, 8);
        assertThat(measured.notes()).singleElement().asString().startsWith("the warm-up with 64 rows failed: ");
    }

    @Test
    void runsTheGivenValuesRepeatedToFillARow() throws Exception {
        warmUp(
                OnnxModels.identity(Datatype.BYTES),
                "{max_batch_size: 1, warm_up: {values: {x: [anna, [bert]]}}}",
                true);

        assertThat(first).first().isEqualTo("anna,bert,anna");
    }

    @Test
    void refusesAModelThatFailsOnGivenValues() {
        fails = input -> true;

        assertThatExceptionOfType(ModelRefusedException.class)
                .isThrownBy(() -> warmUp(OnnxModels.identity(Datatype.FP32), "warm_up: {values: {x: 7.5}}", true))
                .withMessage("the warm-up with 1 rows failed: the script says so");
    }

    @Test
    void runsNothingWhenItIsOff() throws Exception {
        for (String off : List.of("off", "false")) {
            WarmUpRuns.Measured measured = warmUp(OnnxModels.identity(Datatype.FP32), "warm_up: " + off, true);

            assertThat(ran).isEmpty();
            assertThat(measured.notes()).containsExactly("it is not warmed up (warm_up: off)");
        }
    }

    @Test
    void refusesValuesThatNoInputTakes() throws Exception {
        assertThat(refusal("warm_up: {values: {y: 1}}"))
                .isEqualTo("model.yaml: warm_up.values.y must be an input of the model, one of [x]");
        assertThat(refusal("warm_up: {values: {x: [1, anna]}}"))
                .isEqualTo("model.yaml: warm_up.values.x must be numbers for FP32, was anna");
        assertThat(refusal("warm_up: {values: {x: []}}"))
                .isEqualTo("model.yaml: warm_up.values.x must be a number, text, or a list of them, was []");
    }

    private String refusal(String yaml) throws Exception {
        OnnxModels.write(folder, "m", 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.writeConfig(folder, "m", yaml);
        return new ModelRepository(folder, OnnxFile.MAX_BYTES)
                .scan()
                .refused()
                .getFirst()
                .reason();
    }

    private WarmUpRuns.Measured warmUp(ModelProto model, String yaml, boolean isBudgeted) throws Exception {
        OnnxModels.write(folder, "m", 1, model);
        OnnxModels.writeConfig(folder, "m", yaml);
        ModelRepository.Contents contents = new ModelRepository(folder, OnnxFile.MAX_BYTES).scan();
        assertThat(contents.refused()).isEmpty();
        ModelDefinition definition = contents.found().getFirst();
        return new WarmUpRuns(
                        new Scripted(), definition.graph(), definition.config(), isBudgeted, () -> now, () -> bytes)
                .run();
    }

    private static List<Integer> rows(WarmUpRuns.Measured measured) {
        return measured.runs().stream().map(MeasuredRun::rows).toList();
    }

    /** Takes time and memory by the row; memory stays. */
    private final class Scripted implements Slot {
        private int rows;
        private boolean fails;

        @Override
        public void assemble(List<List<Tensor>> requests) {
            rows = requests.size();
            Tensor input = requests.getFirst().getFirst();
            fails = WarmUpRunsTest.this.fails.test(input) || (mostRows > 0 && rows > mostRows);
            first.add(input.datatype() == Datatype.BYTES ? String.join(",", strings(input)) : "");
        }

        @Override
        public List<Tensor> run() throws InferenceException {
            if (fails) {
                throw new InferenceException(Kind.FAILED, "the script says so");
            }
            ran.add(rows);
            now += rows * nanosPerRow;
            bytes = Math.max(bytes, rows * bytesPerRow);
            return List.of();
        }

        @Override
        public void close() {}

        private static List<String> strings(Tensor input) {
            List<String> strings = new ArrayList<>();
            ByteBuffer data = input.data();
            for (int at = 0; at < data.limit(); ) {
                int length = data.getInt(at);
                byte[] text = new byte[length];
                data.get(at + Integer.BYTES, text);
                strings.add(new String(text, UTF_8));
                at += Integer.BYTES + length;
            }
            return strings;
        }
    }
}
