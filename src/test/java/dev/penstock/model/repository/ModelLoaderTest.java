package dev.penstock.model.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import com.google.protobuf.ByteString;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.config.WarmUp;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.model.onnx.SessionOpener;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No machine has a 64th GPU, so a provider with that device is unavailable. */
class ModelLoaderTest {
    @TempDir
    Path folder;

    private final ModelLoader loader = new ModelLoader();

    @ParameterizedTest
    @EnumSource
    void warmsUpAndMeasuresModelsOfEveryDatatype(Datatype datatype) throws Exception {
        try (LoadedModel model = loader.load(definition(OnnxModels.identity(datatype), "execution_providers: [cpu]"))) {
            assertThat(model.rowsPerSecond()).isGreaterThan(1);
            assertThat(model.session().executionProvider()).isEqualTo("cpu");
            assertThat(model.session().signature())
                    .isEqualTo(model.definition().graph().signature());
            assertThat(model.notes()).isEmpty();
        }
    }

    @Test
    void fallsBackOnTheCpuWithANote() throws Exception {
        try (LoadedModel model =
                loader.load(definition(OnnxModels.addition(), "execution_providers: [cuda: {device_id: 63}, cpu]"))) {
            assertThat(model.session().executionProvider()).isEqualTo("cpu");
            assertThat(model.notes()).singleElement().asString().startsWith("execution provider cuda was skipped: ");
        }
    }

    /** Otherwise each model of a healthy start would have a line with an error of ONNX Runtime in it. */
    @Test
    void isSilentWhereAPackageForCpusServesAModelThatAsksForNothing() throws Exception {
        assumeFalse(OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA));
        try (LoadedModel model = loader.load(definition(OnnxModels.addition(), ""))) {
            assertThat(model.session().executionProvider()).isEqualTo("cpu");
            assertThat(model.notes()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cuda", "tensorrt"})
    void refusesAModelWhoseRequiredProviderIsMissing(String provider) throws Exception {
        ModelDefinition definition = definition(
                OnnxModels.addition(), "execution_providers: [" + provider + ": {required: true, device_id: 63}, cpu]");

        assertThatExceptionOfType(ModelRefusedException.class)
                .isThrownBy(() -> loader.load(definition))
                .withMessageStartingWith("execution provider " + provider + " is required but unavailable: ");
    }

    @Test
    void refusesAModelThatMayNotFallBackOnTheCpu() throws Exception {
        ModelDefinition definition = definition(
                OnnxModels.addition(), "execution_providers: [tensorrt: {device_id: 63}, cuda: {device_id: 63}]");

        assertThatExceptionOfType(ModelRefusedException.class)
                .isThrownBy(() -> loader.load(definition))
                .withMessageContaining("tensorrt was skipped")
                .withMessageContaining("cuda was skipped")
                .withMessageEndingWith("add cpu to execution_providers to fall back on it");
    }

    @Test
    void refusesAModelThatTheRuntimeCannotLoad() throws Exception {
        GraphProto.Builder graph =
                OnnxModels.identityGraph().addNode(OnnxModels.node("NoSuchOperator", List.of("x"), "z"));
        ModelDefinition definition = definition(OnnxModels.model(graph), "");

        assertThatExceptionOfType(ModelRefusedException.class)
                .isThrownBy(() -> loader.load(definition))
                .withMessageStartingWith("ONNX Runtime cannot load the model: ")
                .withMessageContaining("NoSuchOperator");
    }

    @Test
    void refusesAFileThatChangedSinceItWasChecked() throws Exception {
        ModelDefinition definition = definition(OnnxModels.addition(), "");
        OnnxModels.write(folder, "m", 1, OnnxModels.lookup());

        assertThatExceptionOfType(ModelRefusedException.class)
                .isThrownBy(() -> loader.load(definition))
                .withMessage("model.onnx changed after it was checked; restart to check it again");
    }

    @Test
    void warmsUpAtTheConfiguredSizes() throws Exception {
        String yaml = "max_batch_size: 4\nwarm_up: {rows: [2], sizes: {height: [8, 2]}}";
        ModelDefinition definition = definition(image(), yaml);

        assertThat(definition.config().warmUp().runs(definition.graph(), definition.config()))
                .containsExactly(
                        new WarmUp.Run(2, Map.of("height", 2L, "x.2", 32L)),
                        new WarmUp.Run(2, Map.of("height", 8L, "x.2", 32L)));
        assertThat(SessionOpener.profile(
                        definition.graph(),
                        definition.config().warmUp().largest(definition.graph(), definition.config())))
                .isEqualTo("x:4x8x32");
        assertThat(SessionOpener.profile(
                        definition.graph(),
                        definition.config().warmUp().smallest(definition.graph(), definition.config())))
                .isEqualTo("x:1x2x32");
    }

    @Test
    void notesAWarmUpThatFailsAndNamesTheShape() throws Exception {
        GraphProto.Builder graph = OnnxModels.identityGraph()
                .addInput(OnnxModels.value("w", DataType.FLOAT, "batch", "width"))
                .addOutput(OnnxModels.value("sum", DataType.FLOAT, "batch", 3))
                .addNode(OnnxModels.node("Add", List.of("x", "w"), "sum"));

        try (LoadedModel model = loader.load(definition(OnnxModels.model(graph), ""))) {
            assertThat(model.notes())
                    .filteredOn(note -> note.startsWith("the warm-up with 1 rows and {width=32} failed: "))
                    .singleElement()
                    .asString()
                    .endsWith(
                            "; set warm_up.sizes to sizes that the model accepts; give real elements in warm_up.values,"
                                    + " or set warm_up: off");
        }
        try (LoadedModel model = loader.load(
                definition(OnnxModels.model(graph), "{execution_providers: [cpu], warm_up: {sizes: {width: [3]}}}"))) {
            assertThat(model.notes()).isEmpty();
        }
    }

    /** An integer divided by its input: zeros, which used to be the made-up input, end the run or even the process. */
    @Test
    void warmsUpAModelThatDividesByItsInput() throws Exception {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(OnnxModels.value("x", DataType.INT64, "batch"))
                .addOutput(OnnxModels.value("y", DataType.INT64, "batch"))
                .addNode(OnnxModels.node("Div", List.of("x", "x"), "y"));

        try (LoadedModel model = loader.load(definition(OnnxModels.model(graph), "execution_providers: [cpu]"))) {
            assertThat(model.notes()).isEmpty();
            assertThat(model.rowsPerSecond()).isPositive();
        }
    }

    /** The default of the made-up input used to be an empty string. */
    @Test
    void warmsUpAModelThatReadsNumbersFromText() throws Exception {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(OnnxModels.value("text", DataType.STRING, "batch"))
                .addOutput(OnnxModels.value("number", DataType.FLOAT, "batch"))
                .addNode(OnnxModels.node(
                        "Cast",
                        List.of("text"),
                        "number",
                        AttributeProto.newBuilder()
                                .setName("to")
                                .setType(AttributeProto.AttributeType.INT)
                                .setI(DataType.FLOAT.getNumber())
                                .build()));

        try (LoadedModel model = loader.load(definition(OnnxModels.model(graph), "execution_providers: [cpu]"))) {
            assertThat(model.notes()).isEmpty();
        }
    }

    @Test
    void namesTheLocaleThatATextModelLacks() throws Exception {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(OnnxModels.value("text", DataType.STRING, "batch"))
                .addOutput(OnnxModels.value("lower", DataType.STRING, "batch"))
                .addNode(OnnxModels.node(
                        "StringNormalizer",
                        List.of("text"),
                        "lower",
                        text("case_change_action", "LOWER"),
                        text("locale", "xx_XX.UTF-8")));
        ModelDefinition definition = definition(OnnxModels.model(graph), "");

        assertThatExceptionOfType(ModelRefusedException.class)
                .isThrownBy(() -> loader.load(definition))
                .withMessage("the operator StringNormalizer needs the locale xx_XX.UTF-8, which this machine lacks; use"
                        + " Penstock's image, or on Debian and Ubuntu run 'apt-get install locales && localedef -i xx_XX"
                        + " -f UTF-8 xx_XX.UTF-8' and restart");
    }

    @Test
    void showsTheOutputThatRanWhereNoneIsDeclared() throws Exception {
        GraphProto.Builder graph = OnnxModels.fixedBatch().getGraph().toBuilder();
        graph.getOutputBuilder(0).getTypeBuilder().getTensorTypeBuilder().clearShape();
        try (LoadedModel model = loader.load(definition(OnnxModels.model(graph), "execution_providers: [cpu]"))) {
            assertThat(outputShape(model)).isEqualTo(Shape.of(-1, -1));
            assertThat(model.session().signature())
                    .isEqualTo(model.definition().graph().signature());
        }
    }

    @Test
    void showsTheOutputThatRanWhereAnotherIsDeclared() throws Exception {
        GraphProto.Builder graph = OnnxModels.fixedBatch().getGraph().toBuilder();
        graph.setOutput(0, OnnxModels.value("y", DataType.FLOAT, 1, "wide", 3));
        try (LoadedModel model = loader.load(definition(OnnxModels.model(graph), "execution_providers: [cpu]"))) {
            assertThat(outputShape(model)).isEqualTo(Shape.of(-1, -1));
        }
    }

    private static Shape outputShape(LoadedModel model) {
        return model.definition().graph().signature().outputs().getFirst().shape();
    }

    private static AttributeProto text(String name, String value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.STRING)
                .setS(ByteString.copyFromUtf8(value))
                .build();
    }

    private static ModelProto image() {
        return OnnxModels.model(GraphProto.newBuilder()
                .addInput(OnnxModels.value("x", DataType.FLOAT, "batch", "height", -1))
                .addOutput(OnnxModels.value("y", DataType.FLOAT, "batch", "height", -1))
                .addNode(OnnxModels.node("Identity", List.of("x"), "y")));
    }

    private ModelDefinition definition(ModelProto model, String yaml) throws Exception {
        OnnxModels.write(folder, "m", 1, model);
        OnnxModels.writeConfig(folder, "m", yaml);
        ModelRepository.Contents contents = new ModelRepository(folder, OnnxFile.MAX_BYTES).scan();
        assertThat(contents.refused()).isEmpty();
        return contents.found().get(0);
    }
}
