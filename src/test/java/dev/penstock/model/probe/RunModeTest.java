package dev.penstock.model.probe;

import static dev.penstock.model.OnnxModels.integer;
import static dev.penstock.model.OnnxModels.model;
import static dev.penstock.model.OnnxModels.node;
import static dev.penstock.model.OnnxModels.value;
import static dev.penstock.model.Tensors.floats;
import static dev.penstock.model.Tensors.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.Slot;
import dev.penstock.model.config.PaddingPlanner;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.onnx.OnnxSession;
import dev.penstock.model.onnx.SessionOpener;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelLoader;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.RowLayout;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** How models are run, as their files and a probe decide. */
class RunModeTest {
    @TempDir
    Path folder;

    private final List<AutoCloseable> open = new ArrayList<>();
    private int slowNanos;

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    static Stream<Arguments> modelsThatMixRows() {
        return Stream.of(
                Arguments.of(
                        "Softmax over the rows",
                        unary(node("Softmax", List.of("x"), "y", integer("axis", 0))),
                        "output 'y' of a row is another with other rows beside it"),
                Arguments.of(
                        "a mean over the rows, hidden behind a large number",
                        unary(
                                node("ReduceMean", List.of("x"), "mean"),
                                node("Add", List.of("mean", "x"), "mixed"),
                                node("Add", List.of("mixed", "thousand"), "y")),
                        "output 'y' of a row is another with other rows beside it"),
                Arguments.of("EyeLike", unary(node("EyeLike", List.of("x"), "y")), "output 'y' of a row is another"),
                Arguments.of(
                        "attention between the rows",
                        unary(
                                node("Transpose", List.of("x"), "turned"),
                                node("MatMul", List.of("x", "turned"), "scores"),
                                node("Softmax", List.of("scores"), "weights"),
                                node("MatMul", List.of("weights", "x"), "y")),
                        "output 'y' of a row is another"),
                Arguments.of("a recurrence over steps", recurrent(false), "output 'y' of a row is another"),
                Arguments.of("the last state of a recurrence", recurrent(true), "output 'y' of a row is another"),
                Arguments.of("weights as an input", convolution(), "it has no dimension that counts rows"),
                Arguments.of(
                        "numbers at random",
                        unary(node("RandomNormalLike", List.of("x"), "y")),
                        "it draws random numbers (RandomNormalLike)"),
                Arguments.of(
                        "dropout while training",
                        unary(node("Dropout", List.of("x", "half", "yes"), "y")),
                        "it draws random numbers (Dropout in training mode)"),
                Arguments.of(
                        "detections",
                        OnnxModels.found("found"),
                        "the rows of output 'y' may be counted by values (NonZero)"),
                Arguments.of("detections that are declared rows", OnnxModels.found("batch"), "output 'y'"),
                Arguments.of(
                        "an answer that tells nothing",
                        unary(node("Mul", List.of("x", "zero"), "y")),
                        "output 'y' is the same for all made-up rows"),
                Arguments.of(
                        "a sum of everything",
                        model(parts(GraphProto.newBuilder()
                                .addInput(value("x", DataType.FLOAT, "batch", 3))
                                .addOutput(value("y", DataType.FLOAT))
                                .addNode(node("ReduceSum", List.of("x"), "y", integer("keepdims", 0))))),
                        "output 'y' is a scalar, so it has no rows"),
                Arguments.of(
                        "rows twice",
                        model(GraphProto.newBuilder()
                                .addInput(value("x", DataType.FLOAT, "n", "n"))
                                .addOutput(value("y", DataType.FLOAT, "n", "n"))
                                .addNode(node("Neg", List.of("x"), "y"))),
                        "input 'x' of shape [-1, -1] names the rows in more than one dimension"),
                Arguments.of(
                        "input that does not run",
                        model(parts(GraphProto.newBuilder()
                                .addInput(value("x", DataType.INT64, "batch"))
                                .addOutput(value("y", DataType.FLOAT, "batch", 3))
                                .addNode(node("Add", List.of("x", "seven"), "beyond"))
                                .addNode(node("Gather", List.of("matrix", "beyond"), "y")))),
                        "made-up input does not run, so nothing proves that its rows are independent"),
                Arguments.of(
                        "a fixed first dimension",
                        OnnxModels.fixedBatch(),
                        "input 'x' of shape [1, 3] has no variable first dimension"),
                Arguments.of("no input", OnnxModels.constant(), "it has no inputs"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("modelsThatMixRows")
    void runsOneByOneWhatMixesRows(String name, ModelProto model, String reason) throws Exception {
        RunMode mode = decide(model, "").graph().signature().mode();

        assertThat(mode.kind()).as(mode.reason()).isEqualTo(RunMode.Kind.ONE_BY_ONE);
        assertThat(mode.reason()).contains(reason);
    }

    @ParameterizedTest
    @EnumSource(Datatype.class)
    void provesRowsOfEveryDatatype(Datatype datatype) throws Exception {
        assertBatched(decide(OnnxModels.identity(datatype), ""));
    }

    @Test
    void provesRowsOfIndexesSequencesAndMatrices() throws Exception {
        assertBatched(decide(OnnxModels.lookup(), ""));
        assertBatched(decide(OnnxModels.sequence(), ""));
        assertBatched(decide(OnnxModels.maskedMean(), ""));
        assertBatched(decide(OnnxModels.addition(), ""));
        assertBatched(decide(unary(node("MatMul", List.of("x", "matrix"), "y")), ""));
    }

    @Test
    void knowsTheWordsOfAModel() throws Exception {
        ModelProto categories = ModelProto.newBuilder(model(GraphProto.newBuilder()
                        .addInput(value("x", DataType.STRING, "batch"))
                        .addOutput(value("y", DataType.INT64, "batch"))
                        .addNode(
                                node("LabelEncoder", List.of("x"), "y", strings("keys_strings", "rent", "own"))
                                        .toBuilder()
                                        .addAttribute(integers("values_int64s", 4, 7))
                                        .setDomain("ai.onnx.ml"))))
                .addOpsetImport(
                        OperatorSetIdProto.newBuilder().setDomain("ai.onnx.ml").setVersion(3))
                .build();

        assertBatched(decide(categories, ""));
    }

    @Test
    void obeysModelYaml() throws Exception {
        ModelProto mixing = unary(node("Softmax", List.of("x"), "y", integer("axis", 0)));

        assertThat(decide(OnnxModels.addition(), "max_batch_size: 0")
                        .graph()
                        .signature()
                        .mode())
                .isEqualTo(RunMode.oneByOne("model.yaml sets max_batch_size to 0"));
        assertThat(decide(mixing, "batching: trusted").graph().signature().mode())
                .isEqualTo(RunMode.batched("model.yaml says batching: trusted"));
    }

    @Test
    void batchesWhatIsQuantizedDynamicallyOnlyIfAsked() throws Exception {
        ModelProto quantized = unary(
                NodeProto.newBuilder()
                        .setOpType("DynamicQuantizeLinear")
                        .addInput("x")
                        .addAllOutput(List.of("q", "scale", "point"))
                        .build(),
                node("DequantizeLinear", List.of("q", "scale", "point"), "y"));

        RunMode unasked = decide(quantized, "").graph().signature().mode();
        RunMode asked =
                decide(quantized, "batching: approximate").graph().signature().mode();

        assertThat(unasked.kind()).isEqualTo(RunMode.Kind.ONE_BY_ONE);
        assertThat(unasked.reason()).contains("DynamicQuantizeLinear", "batching: approximate");
        assertThat(asked.kind()).as(asked.reason()).isEqualTo(RunMode.Kind.BATCHED);
        assertThat(asked.reason()).contains("model.yaml says batching: approximate");
        assertThat(decide(unary(node("Softmax", List.of("x"), "y", integer("axis", 0))), "batching: approximate")
                        .graph()
                        .signature()
                        .mode()
                        .kind())
                .isEqualTo(RunMode.Kind.ONE_BY_ONE);
    }

    @Test
    void doesNotProbeWhatIsSlow() throws Exception {
        slowNanos = 3_000_000;

        RunMode mode = decide(OnnxModels.addition(), "").graph().signature().mode();

        assertThat(mode.reason()).isEqualTo("a row takes 6.0 s, too long to probe its rows");
    }

    /** As converters of LightGBM do. */
    @Test
    void believesTheRunRatherThanTheDeclaredOutput() throws Exception {
        ModelDefinition labels = decide(
                model(GraphProto.newBuilder()
                        .addInput(value("x", DataType.FLOAT, "batch", 3))
                        .addOutput(value("label", DataType.INT64, 1))
                        .addNode(node("ArgMax", List.of("x"), "label", integer("axis", 1), integer("keepdims", 0)))),
                "");

        assertBatched(labels);
        assertThat(labels.graph().signature().outputs())
                .containsExactly(new TensorSpec("label", Datatype.INT64, Shape.of(-1)));
        Slot slot = slot(labels);
        for (int run = 0; run < 3; run++) {
            slot.assemble(List.of(
                    List.of(floats("x", Shape.of(1, 3), 0, 1, 0)), List.of(floats("x", Shape.of(1, 3), 0, 0, 1))));
            assertThat(longs(slot.run().getFirst())).containsExactly(1L, 2L);
        }
    }

    @Test
    void returnsAnOutputThatIsAnInputInEveryRun() throws Exception {
        ModelDefinition passing = decide(
                model(GraphProto.newBuilder()
                        .addInput(value("x", DataType.FLOAT, "batch", 2))
                        .addOutput(value("y", DataType.FLOAT, "batch", 2))
                        .addOutput(value("x", DataType.FLOAT, "batch", 2))
                        .addNode(node("Neg", List.of("x"), "y"))),
                "");

        assertBatched(passing);
        Slot slot = slot(passing);
        for (int run = 1; run < 4; run++) {
            slot.assemble(List.of(List.of(floats("x", Shape.of(1, 2), run, 7))));
            List<Tensor> outputs = slot.run();
            assertThat(floats(outputs.get(0))).containsExactly((float) -run, -7f);
            assertThat(floats(outputs.get(1))).containsExactly((float) run, 7f);
        }
    }

    @Test
    void sharesInputsThatHaveNoRows() throws Exception {
        ModelDefinition scaled = decide(OnnxModels.scaled(), "");
        assertBatched(scaled);
        assertThat(scaled.graph().signature().inputs().get(1).hasRows()).isFalse();
        PaddingPlanner planner = new PaddingPlanner(scaled.graph(), scaled.config());
        List<Tensor> twice = List.of(floats("x", Shape.of(1, 2), 1, 2), floats("scale", Shape.of(), 2));
        List<Tensor> alsoTwice = List.of(floats("x", Shape.of(1, 2), 3, 4), floats("scale", Shape.of(), 2));
        List<Tensor> thrice = List.of(floats("x", Shape.of(1, 2), 3, 4), floats("scale", Shape.of(), 3));

        assertThat(planner.plan(twice).batchKey())
                .isEqualTo(planner.plan(alsoTwice).batchKey())
                .isNotEqualTo(planner.plan(thrice).batchKey());
        Slot slot = slot(scaled);
        slot.assemble(List.of(twice, alsoTwice));
        assertThat(floats(slot.run().getFirst())).containsExactly(2f, 4f, 6f, 8f);
    }

    /** A state of shape [2, batch, 2] beside an input of shape [batch, 2]. */
    @Test
    void findsRowsInAnotherDimensionByTheirName() throws Exception {
        ModelDefinition stateful = decide(
                model(GraphProto.newBuilder()
                        .addInput(value("x", DataType.FLOAT, "batch", 2))
                        .addInput(value("state", DataType.FLOAT, 2, "batch", 2))
                        .addOutput(value("next", DataType.FLOAT, 2, "batch", 2))
                        .addNode(node("Add", List.of("state", "x"), "next"))),
                "");

        assertBatched(stateful);
        assertThat(stateful.graph().signature().inputs().get(1).rowAxis()).hasValue(1);
        assertThat(stateful.graph().signature().outputs().getFirst().rowAxis()).hasValue(1);
        List<Tensor> one =
                List.of(floats("x", Shape.of(1, 2), 1, 2), floats("state", Shape.of(2, 1, 2), 10, 20, 100, 200));
        List<Tensor> two = List.of(
                floats("x", Shape.of(2, 2), 3, 4, 5, 6),
                floats("state", Shape.of(2, 2, 2), 30, 40, 50, 60, 300, 400, 500, 600));
        Slot slot = slot(stateful);
        slot.assemble(List.of(one, two));
        Tensor next = slot.run().getFirst();
        RowLayout layout = new PaddingPlanner(stateful.graph(), stateful.config())
                .plan(two)
                .layout();
        assertThat(floats(layout.outputRows(0, next, 0, 1))).containsExactly(11f, 22f, 101f, 202f);
        assertThat(floats(layout.outputRows(0, next, 1, 2)))
                .containsExactly(33f, 44f, 55f, 66f, 303f, 404f, 505f, 606f);
        assertThat(layout.rows(two)).isEqualTo(2);
        assertThat(floats(layout.inputRows(two, 1, 1).get(1))).containsExactly(50f, 60f, 500f, 600f);
    }

    @Test
    void takesTheAxisOfModelYaml() throws Exception {
        ModelDefinition recurrent = decide(recurrent(true), "batch_axis: {x: 1}");

        assertBatched(recurrent);
        assertThat(recurrent.graph().signature().inputs().getFirst().rowAxis()).hasValue(1);
        assertThat(recurrent.graph().signature().outputs())
                .extracting(TensorSpec::rowAxis)
                .containsExactly(OptionalInt.of(2), OptionalInt.of(1));
        assertThat(scan(recurrent(true), "batch_axis: {x: 2}")
                        .refused()
                        .getFirst()
                        .reason())
                .isEqualTo("model.yaml: batch_axis.x must be a variable dimension of [-1, -1, 2], was 2");
        assertThat(scan(recurrent(true), "batch_axis: {z: 1}")
                        .refused()
                        .getFirst()
                        .reason())
                .isEqualTo("model.yaml: batch_axis.z must name an input, one of [x]");
    }

    @Test
    void batchesAnOutputWhoseShapeIsNotDeclared() throws Exception {
        GraphProto.Builder graph = OnnxModels.addition().getGraph().toBuilder();
        graph.getOutputBuilder(0).getTypeBuilder().getTensorTypeBuilder().clearShape();
        Shape declared = decide(OnnxModels.addition(), "")
                .graph()
                .signature()
                .outputs()
                .getFirst()
                .shape();

        ModelDefinition decided = decide(model(graph), "");

        assertBatched(decided);
        TensorSpec output = decided.graph().signature().outputs().getFirst();
        assertThat(output.rowAxis()).hasValue(0);
        assertThat(output.shape())
                .isEqualTo(Shape.of(LongStream.generate(() -> Shape.VARIABLE)
                        .limit(declared.rank())
                        .toArray()));
    }

    @Test
    void runsWholeTensorsOfOneRequestAtATime() throws Exception {
        ModelDefinition fixed = decide(OnnxModels.fixedBatch(), "");
        Slot slot = slot(fixed);
        List<Tensor> request = List.of(floats("x", Shape.of(1, 3), 1, 2, 3));

        for (int run = 0; run < 3; run++) {
            slot.assemble(List.of(request));
            assertThat(floats(slot.run().getFirst())).containsExactly(1f, 2f, 3f);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> slot.assemble(List.of(request, request)));
        PaddingPlanner planner = new PaddingPlanner(fixed.graph(), fixed.config());
        assertThat(planner.plan(request).layout().rows(request)).isEqualTo(1);
        assertThat(fixed.config().rowsPerRun()).isEqualTo(1);
        assertThat(fixed.config().maxRequestRows()).isEqualTo(1);
    }

    @Test
    void loadsModelsThatAreRunOneByOne() throws Exception {
        for (ModelProto model : List.of(
                OnnxModels.fixedBatch(),
                OnnxModels.found("found"),
                recurrent(true),
                unary(node("Softmax", List.of("x"), "y", integer("axis", 0))))) {
            ModelRepository.Contents contents = scan(model, "");
            try (var loaded = new ModelLoader().load(contents.found().getFirst())) {
                assertThat(loaded.definition().graph().signature().mode().isOneByOne())
                        .isTrue();
                assertThat(loaded.runs())
                        .allSatisfy(run -> assertThat(run.rows()).isEqualTo(1));
                try (var again = new ModelLoader().load(loaded.definition())) {
                    assertThat(again.definition()).isEqualTo(loaded.definition());
                }
            }
        }
    }

    /** x [batch, 3] → y [batch, 3]. */
    private static ModelProto unary(NodeProto... nodes) {
        return model(parts(GraphProto.newBuilder()
                .addInput(value("x", DataType.FLOAT, "batch", 3))
                .addOutput(value("y", DataType.FLOAT, "batch", 3))
                .addAllNode(Arrays.asList(nodes))));
    }

    /** Constants that some of the graphs use. */
    private static GraphProto.Builder parts(GraphProto.Builder graph) {
        return graph.addInitializer(constant("thousand", List.of(1L), 1000f))
                .addInitializer(constant("zero", List.of(1L), 0f))
                .addInitializer(constant("half", List.of(), 0.5f))
                .addInitializer(constant("matrix", List.of(3L, 3L), 0.1f, 2f, 3f, -4f, 5f, 0.6f, 7f, -0.8f, 9f))
                .addInitializer(TensorProto.newBuilder()
                        .setName("yes")
                        .setDataType(DataType.BOOL.getNumber())
                        .addInt32Data(1))
                .addInitializer(TensorProto.newBuilder()
                        .setName("seven")
                        .setDataType(DataType.INT64.getNumber())
                        .addDims(1)
                        .addInt64Data(7));
    }

    private static TensorProto constant(String name, List<Long> shape, float... values) {
        TensorProto.Builder constant = TensorProto.newBuilder()
                .setName(name)
                .setDataType(DataType.FLOAT.getNumber())
                .addAllDims(shape);
        for (float each : values) {
            constant.addFloatData(each);
        }
        return constant.build();
    }

    /** x [steps, batch, 2] → y [steps, 1, batch, 2], and optionally the last state [1, batch, 2]. */
    private static ModelProto recurrent(boolean withLast) {
        NodeProto.Builder lstm = NodeProto.newBuilder()
                .setOpType("LSTM")
                .addAllInput(List.of("x", "w", "r"))
                .addOutput("y")
                .addAttribute(integer("hidden_size", 2));
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInitializer(constant("w", List.of(1L, 8L, 2L), noise(16)))
                .addInitializer(constant("r", List.of(1L, 8L, 2L), noise(16)))
                .addInput(value("x", DataType.FLOAT, "steps", "batch", 2))
                .addOutput(value("y", DataType.FLOAT, "steps", 1, "batch", 2));
        if (withLast) {
            lstm.addOutput("last");
            graph.addOutput(value("last", DataType.FLOAT, 1, "batch", 2));
        }
        return model(graph.addNode(lstm));
    }

    private static float[] noise(int count) {
        Random random = new Random(3);
        float[] noise = new float[count];
        for (int i = 0; i < count; i++) {
            noise[i] = random.nextFloat() - 0.5f;
        }
        return noise;
    }

    private static ModelProto convolution() {
        return model(GraphProto.newBuilder()
                .addInput(value("x", DataType.FLOAT, "n", 1, 5, 5))
                .addInput(value("w", DataType.FLOAT, "m", 1, 3, 3))
                .addOutput(value("y", DataType.FLOAT, "n", "k", 3, 3))
                .addNode(node("Conv", List.of("x", "w"), "y")));
    }

    private static AttributeProto strings(String name, String... values) {
        AttributeProto.Builder attribute =
                AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.STRINGS);
        for (String each : values) {
            attribute.addStrings(ByteString.copyFromUtf8(each));
        }
        return attribute.build();
    }

    private static AttributeProto integers(String name, long... values) {
        AttributeProto.Builder attribute =
                AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
        for (long each : values) {
            attribute.addInts(each);
        }
        return attribute.build();
    }

    private static void assertBatched(ModelDefinition decided) {
        RunMode mode = decided.graph().signature().mode();
        assertThat(mode.kind()).as(mode.reason()).isEqualTo(RunMode.Kind.BATCHED);
    }

    private ModelRepository.Contents scan(ModelProto model, String yaml) throws Exception {
        OnnxModels.write(folder, "m", 1, model);
        OnnxModels.writeConfig(folder, "m", yaml + "\nexecution_providers: [cpu]\n");
        return new ModelRepository(folder, OnnxFile.MAX_BYTES).scan();
    }

    /** Decides without the warm-up. */
    private ModelDefinition decide(ModelProto model, String yaml) throws Exception {
        ModelRepository.Contents contents = scan(model, yaml);
        assertThat(contents.refused()).isEmpty();
        ModelDefinition definition = contents.found().getFirst();
        OnnxGraph graph = definition.graph();
        if (graph.signature().mode().isOneByOne()) {
            return definition;
        }
        OnnxSession whole = new OnnxSession(
                SessionOpener.open(ModelLoader.bytes(definition), graph, definition.config()),
                graph.oneByOne("a test"),
                definition.config().oneByOne());
        open.add(whole);
        try (Slot slot = whole.openSlot()) {
            long[] now = {0};
            return definition.withGraph(
                    new RowProbe(slot, graph, definition.config(), () -> now[0] += 1000L * slowNanos).decide());
        }
    }

    private Slot slot(ModelDefinition decided) throws Exception {
        OnnxSession session = new OnnxSession(
                SessionOpener.open(ModelLoader.bytes(decided), decided.graph(), decided.config()),
                decided.graph(),
                decided.config());
        open.add(session);
        Slot slot = session.openSlot();
        open.add(slot);
        return slot;
    }
}
