package dev.penstock.model.onnx;

import static dev.penstock.model.Tensors.floats;
import static dev.penstock.model.Tensors.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.penstock.model.InferenceException;
import dev.penstock.model.InferenceException.Kind;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.Slot;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs the slot tests on a GPU, and tests GPU behaviour. Run it with {@code ./penstock test -Pgpu} on a machine with a GPU. */
@Tag("gpu")
final class CudaTest extends OnnxSlotTest {
    private static final int WIDTH = 256;

    /** CUDA multiplies FP32 in TF32, which keeps 10 bits of each factor. */
    private static final double TF32 = 2e-3;

    private String executionProviders = "execution_providers: [cuda: {required: true, memory_limit: 64MiB}, cpu]";

    @Override
    String executionProviders() {
        return executionProviders;
    }

    /** CUDA rejects sums over zero elements: cuda/reduction/reduction_ops.cc. */
    @Override
    int[] lengths() {
        return new int[] {4, 1, 9};
    }

    /** An index out of range fails on the CPU. On CUDA it yields zeros: cuda/tensor/gather_impl.cu. */
    @Override
    @Test
    void canBeUsedAgainAfterAFailedBatch() throws Exception {
        Slot slot = slot(session(OnnxModels.lookup()));
        slot.assemble(List.of(List.of(longs("index", Shape.of(3), 2, 99, 1))));

        assertThat(floats(slot.run().get(0))).containsExactly(20f, 21f, 0f, 0f, 10f, 11f);
    }

    @Test
    void runsOneBatchAtATimeOnTheGpu() throws Exception {
        OnnxSession session = session(OnnxModels.addition());

        assertThat(session.executionProvider()).isEqualTo("cuda");
        assertThat(session.concurrentRuns()).isEqualTo(1);
    }

    @Test
    void answersAsTheCpuDoes() throws Exception {
        List<List<Tensor>> rows = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            rows.add(List.of(floats("x", Shape.of(1, WIDTH), gaussian(new Random(i), WIDTH))));
        }
        List<Float> onGpu = product(rows);
        executionProviders = "execution_providers: [cpu]";
        List<Float> onCpu = product(rows);

        double distance = 0;
        double length = 0;
        for (int i = 0; i < onCpu.size(); i++) {
            distance += Math.pow(onGpu.get(i) - onCpu.get(i), 2);
            length += Math.pow(onCpu.get(i), 2);
        }
        assertThat(Math.sqrt(distance / length)).isLessThan(TF32);
    }

    @Test
    void continuesAfterMemoryRanOut() throws Exception {
        Slot hog = slot(session(OnnxModels.memoryHog()));
        hog.assemble(List.of(List.of(longs("size", Shape.of(1), 1L << 28))));

        assertThatExceptionOfType(InferenceException.class)
                .isThrownBy(hog::run)
                .satisfies(e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(Kind.OUT_OF_MEMORY));

        hog.assemble(List.of(List.of(longs("size", Shape.of(1), 1))));
        assertThat(floats(hog.run().get(0))).containsExactly(0f);
    }

    private List<Float> product(List<List<Tensor>> rows) throws Exception {
        TensorProto.Builder weights = TensorProto.newBuilder()
                .setName("w")
                .setDataType(DataType.FLOAT.getNumber())
                .addAllDims(List.of((long) WIDTH, (long) WIDTH));
        for (float weight : gaussian(new Random(-1), WIDTH * WIDTH)) {
            weights.addFloatData(weight);
        }
        ModelProto model = OnnxModels.model(GraphProto.newBuilder()
                .addInitializer(weights)
                .addInput(OnnxModels.value("x", DataType.FLOAT, "batch", WIDTH))
                .addOutput(OnnxModels.value("y", DataType.FLOAT, "batch", WIDTH))
                .addNode(OnnxModels.node("MatMul", List.of("x", "w"), "y")));
        Slot slot = slot(session(model));
        slot.assemble(rows);
        return floats(slot.run().get(0));
    }

    private static float[] gaussian(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
