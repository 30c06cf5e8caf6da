package dev.penstock.model.config;

import static dev.penstock.model.Tensors.floats;
import static dev.penstock.model.Tensors.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.Slot;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.model.onnx.OnnxSession;
import dev.penstock.model.onnx.SessionOpener;
import dev.penstock.model.repository.LoadedModel;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelLoader;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShapeBucketsTest {
    private static final String YAML = """
            execution_providers: [cpu]
            max_batch_size: 8
            max_batch_elements: 32
            shape_buckets:
              sequence: {sizes: [4, 8, 16], pad: {ids: 7, mask: 0}, mask: mask}
            """;

    private static final String LEARNED = """
            execution_providers: [cpu]
            max_batch_size: 8
            shape_buckets:
              sequence: {up_to: 16, pad: {ids: 7, mask: 0}, mask: mask}
            """;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{width: {sizes: [8]}} | shape_buckets.width must be a variable dimension of an input, one of [sequence], was width",
                "{sequence: {pad: {ids: 0, mask: 0}}} | shape_buckets.sequence.sizes must list at least one integer, or set up_to instead, was []",
                "{sequence: {sizes: [8], up_to: 16, pad: {ids: 0, mask: 0}}} | shape_buckets.sequence.up_to must be absent when sizes is set, was 16",
                "{sequence: {sizes: [8], pad: {ids: 0}}} | shape_buckets.sequence.pad.mask must be the padding value of the input, was absent",
                "{sequence: {sizes: [8], pad: {ids: 0, mask: 0, type: 0}}} | shape_buckets.sequence.pad must name inputs that have this dimension ([ids, mask]), was type",
                "{sequence: {sizes: [8], pad: {ids: 0.5, mask: 0}}} | shape_buckets.sequence.pad.ids must be an integer in -9007199254740992..9007199254740992, was 0.5",
                "{sequence: {sizes: [8], pad: {ids: 0, mask: 1}, mask: mask}} | shape_buckets.sequence.mask must be an input that has this dimension and is padded with 0, was mask",
                "{sequence: {sizes: [8], pad: {ids: 0, mask: 0}, mask: total}} | shape_buckets.sequence.mask must be an input that has this dimension and is padded with 0, was total",
            })
    void refusesBucketsThatDoNotMatchTheModel(String buckets, String reason) throws Exception {
        assertThat(scan("shape_buckets: " + buckets).refused())
                .extracting(ModelRepository.RefusedModel::reason)
                .containsExactly("model.yaml: " + reason);
    }

    @Test
    void warmsEveryBucketWithAsManyRowsAsMayRunTogether() throws Exception {
        ModelDefinition definition = definition();

        assertThat(definition.config().warmUp().runs(definition.graph(), definition.config()))
                .containsExactly(run(1, 4), run(8, 4), run(1, 8), run(4, 8), run(1, 16), run(2, 16));
        assertThat(definition.config().warmUp().fullBatch(definition.graph(), definition.config()))
                .isEqualTo(run(2, 16));
        try (LoadedModel loaded = new ModelLoader().load(definition)) {
            assertThat(loaded.rowsPerSecond()).isPositive();
        }
    }

    @Test
    void letsRequestsOfOneBucketShareABatchAndBoundsItsElements() throws Exception {
        ModelDefinition definition = definition();
        PaddingPlanner planner = new PaddingPlanner(definition.graph(), definition.config());

        assertThat(planner.plan(request(1, 5)).batchKey())
                .isEqualTo(planner.plan(request(3, 8)).batchKey())
                .isNotEqualTo(planner.plan(request(1, 4)).batchKey())
                .isNotEqualTo(planner.plan(request(1, 9)).batchKey());
        assertThat(List.of(1, 5, 16, 17, 32, 33))
                .extracting(length -> planner.plan(request(1, length)).maxRows())
                .containsExactly(8, 4, 2, 1, 1, 1);
        assertThat(planner.plan(request(1, 17)).batchKey())
                .as("beyond the largest bucket, by the exact size")
                .isNotEqualTo(planner.plan(request(1, 18)).batchKey());
    }

    @Test
    void runsARequestAloneWhenItsInputsDisagree() throws Exception {
        ModelDefinition definition = definition();
        PaddingPlanner planner = new PaddingPlanner(definition.graph(), definition.config());
        List<Tensor> torn = List.of(longs("ids", Shape.of(1, 3), 1, 2, 3), longs("mask", Shape.of(1, 2), 1, 1));

        assertThat(planner.plan(torn).batchKey())
                .isNotEqualTo(planner.plan(request(1, 3)).batchKey());
        assertThat(planner.plan(torn).maxRows()).isEqualTo(1);
    }

    /** Fixed seeds instead of a property, because opening a session is expensive. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void answersEveryRequestAsIfItHadRunAlone(long seed) throws Exception {
        answersAsAlone(seed, definition());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void answersEveryRequestAsIfItHadRunAloneWhereSizesAreLearned(long seed) throws Exception {
        answersAsAlone(seed, definition(OnnxModels.sequence(), LEARNED));
    }

    @Test
    void mergesSizesThatAreNotWorthTheirOwnQueue() throws Exception {
        ModelDefinition definition = definition(OnnxModels.sequence(), LEARNED);
        PaddingPlanner planner = new PaddingPlanner(definition.graph(), definition.config());
        assertThat(planner.plan(request(1, 9)).batchKey())
                .isNotEqualTo(planner.plan(request(1, 16)).batchKey());
        for (int i = 0; i < 1100; i++) {
            planner.plan(request(1, i % 100 == 0 ? 9 : 16));
        }
        assertThat(planner.plan(request(1, 9)).batchKey())
                .isEqualTo(planner.plan(request(1, 16)).batchKey());
        try (OnnxSession session = open(definition);
                Slot slot = session.openSlot()) {
            slot.assemble(List.of(request(1, 9), request(1, 12)));
            Tensor longest = slot.run().getFirst();
            assertThat(longest.shape().dimension(1))
                    .as("no longer than its members need")
                    .isEqualTo(12);
            slot.assemble(List.of(request(1, 9), request(1, 16)));
            Tensor output = slot.run().getFirst();
            assertThat(output.shape().dimension(1)).isEqualTo(16);
            assertThat(planner.plan(request(1, 12)).output(0, output, 0, 1).shape())
                    .as("cut, though a size of the ladder is its own")
                    .isEqualTo(Shape.of(1, 12));
        }
    }

    private void answersAsAlone(long seed, ModelDefinition padded) throws Exception {
        Random random = new Random(seed);
        ModelDefinition exact = definition(OnnxModels.sequence(), "execution_providers: [cpu]");
        PaddingPlanner planner = new PaddingPlanner(padded.graph(), padded.config());
        try (OnnxSession paddedSession = open(padded);
                OnnxSession exactSession = open(exact);
                Slot together = paddedSession.openSlot();
                Slot alone = exactSession.openSlot()) {
            for (int batch = 0; batch < 100; batch++) {
                int bucket = List.of(4, 8, 16).get(random.nextInt(3));
                List<List<Tensor>> requests = new ArrayList<>();
                for (int i = random.nextInt(5); i >= 0; i--) {
                    requests.add(request(1 + random.nextInt(3), bucket / 2 + 1 + random.nextInt(bucket / 2)));
                }
                together.assemble(requests);
                List<Tensor> outputs = together.run();
                int from = 0;
                for (List<Tensor> request : requests) {
                    long rows = request.get(0).shape().rows();
                    alone.assemble(List.of(request));
                    List<Tensor> expected = alone.run();
                    for (int i = 0; i < outputs.size(); i++) {
                        Tensor answer = planner.plan(request).output(i, outputs.get(i), from, (int) rows);
                        assertThat(answer.shape()).isEqualTo(expected.get(i).shape());
                        assertThat(longs(answer)).isEqualTo(longs(expected.get(i)));
                    }
                    from += (int) rows;
                }
            }
            assertThat(paddedSession.mayPinOutputs()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {YAML, LEARNED})
    void asksASessionThatDoesNotPadWhatOneThatDoesWouldRun(String yaml) throws Exception {
        ModelDefinition padded = definition(OnnxModels.sequence(), yaml);
        PaddingPlanner planner = new PaddingPlanner(padded.graph(), padded.config());
        ModelDefinition exact = definition(OnnxModels.sequence(), "execution_providers: [cpu]");
        try (OnnxSession here = open(padded);
                OnnxSession elsewhere = open(exact);
                Slot pads = here.openSlot();
                Slot asked = new PaddedSlot(elsewhere.openSlot(), planner)) {
            for (List<List<Tensor>> batch : List.of(
                    List.of(request(1, 3)),
                    List.of(request(2, 4), request(1, 3)),
                    List.of(request(1, 5), request(3, 7)),
                    List.of(request(1, 40)))) {
                pads.assemble(batch);
                asked.assemble(batch);
                assertSame(asked.run(Long.MAX_VALUE, Map::of), pads.run());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {YAML, LEARNED})
    void leavesNoPaddingToThoseWhoKnowNothingOfIt(String yaml) throws Exception {
        ModelDefinition padded = definition(OnnxModels.sequence(), yaml);
        PaddingPlanner planner = new PaddingPlanner(padded.graph(), padded.config());
        ModelDefinition exact = definition(OnnxModels.sequence(), "execution_providers: [cpu]");
        try (OnnxSession paddedSession = open(padded);
                OnnxSession exactSession = open(exact);
                Slot cropped = new CroppedSlot(paddedSession.openSlot(), planner);
                Slot alone = exactSession.openSlot()) {
            for (List<List<Tensor>> batch : List.of(
                    List.of(request(1, 3)),
                    List.of(request(2, 4), request(1, 4)),
                    List.of(request(1, 5), request(3, 5)),
                    List.of(request(1, 40)))) {
                cropped.assemble(batch);
                alone.assemble(batch);
                assertSame(cropped.run(), alone.run());
            }
        }
    }

    private static void assertSame(List<Tensor> outputs, List<Tensor> expected) {
        assertThat(outputs).hasSameSizeAs(expected);
        for (int i = 0; i < outputs.size(); i++) {
            assertThat(outputs.get(i).shape()).isEqualTo(expected.get(i).shape());
            assertThat(longs(outputs.get(i))).isEqualTo(longs(expected.get(i)));
        }
    }

    @Test
    void padsAndCropsTwoDimensionsAtOnce() throws Exception {
        ModelProto image = OnnxModels.model(GraphProto.newBuilder()
                .addInput(OnnxModels.value("x", DataType.FLOAT, "batch", "height", 2, "width"))
                .addOutput(OnnxModels.value("y", DataType.FLOAT, "batch", "height", 2, "width"))
                .addNode(OnnxModels.node("Neg", List.of("x"), "y")));
        ModelDefinition definition = definition(image, """
                execution_providers: [cpu]
                shape_buckets:
                  height: {sizes: [4], pad: {x: 0.5}}
                  width: {sizes: [3, 6], pad: {x: 0.5}}
                """);
        List<Tensor> small = List.of(floats("x", Shape.of(1, 1, 2, 2), 1, 2, 3, 4));
        List<Tensor> large = List.of(floats("x", Shape.of(1, 4, 2, 3), new float[24]));
        PaddingPlanner planner = new PaddingPlanner(definition.graph(), definition.config());
        try (OnnxSession session = open(definition);
                Slot slot = session.openSlot()) {
            slot.assemble(List.of(large, small));
            Tensor output = slot.run().get(0);

            assertThat(output.shape()).isEqualTo(Shape.of(2, 4, 2, 3));
            assertThat(floats(output.rows(1, 1)))
                    .startsWith(-1f, -2f, -0.5f, -3f, -4f, -0.5f, -0.5f)
                    .allSatisfy(value -> assertThat(value).isLessThan(0));
            assertThat(floats(planner.plan(small).output(0, output, 1, 1))).containsExactly(-1f, -2f, -3f, -4f);
            assertThat(planner.plan(large).output(0, output, 0, 1).data())
                    .as("nothing to crop, nothing copied")
                    .isEqualTo(output.rows(0, 1).data());
        }
    }

    @Test
    void meansOverRealPositionsOnly() throws Exception {
        ModelDefinition definition = definition(OnnxModels.maskedMean(), """
                execution_providers: [cpu]
                shape_buckets:
                  sequence: {sizes: [16], pad: {values: 1000, mask: 0}, mask: mask}
                """);
        try (OnnxSession session = open(definition);
                Slot slot = session.openSlot()) {
            slot.assemble(List.of(
                    List.of(floats("values", Shape.of(1, 3), 1, 2, 6), floats("mask", Shape.of(1, 3), 1, 1, 1)),
                    List.of(floats("values", Shape.of(1, 1), 5), floats("mask", Shape.of(1, 1), 1))));

            List<Float> means = floats(slot.run().get(0));
            assertThat(means.get(0)).isCloseTo(3f, within(1e-5f));
            assertThat(means.get(1)).isCloseTo(5f, within(1e-5f));
        }
    }

    private static WarmUp.Run run(int rows, long length) {
        return new WarmUp.Run(rows, Map.of("sequence", length));
    }

    /** Ids are never 0 and the whole mask is 1, so that a lost or invented position changes the result. */
    private static List<Tensor> request(int rows, int length) {
        long[] ids = new long[rows * length];
        long[] mask = new long[rows * length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 1000L * length + i + 1;
            mask[i] = 1;
        }
        return List.of(longs("ids", Shape.of(rows, length), ids), longs("mask", Shape.of(rows, length), mask));
    }

    private ModelDefinition definition() throws Exception {
        return definition(OnnxModels.sequence(), YAML);
    }

    private ModelDefinition definition(ModelProto model, String yaml) throws Exception {
        ModelRepository.Contents contents = scan(model, yaml);
        assertThat(contents.refused()).isEmpty();
        return contents.found().get(0);
    }

    private ModelRepository.Contents scan(String yaml) throws Exception {
        return scan(OnnxModels.sequence(), yaml);
    }

    private ModelRepository.Contents scan(ModelProto model, String yaml) throws Exception {
        OnnxModels.write(folder, "m", 1, model);
        OnnxModels.writeConfig(folder, "m", yaml);
        return new ModelRepository(folder, OnnxFile.MAX_BYTES).scan();
    }

    private static OnnxSession open(ModelDefinition definition) throws Exception {
        return new OnnxSession(
                SessionOpener.open(ModelLoader.bytes(definition), definition.graph(), definition.config()),
                definition.graph(),
                definition.config());
    }
}
