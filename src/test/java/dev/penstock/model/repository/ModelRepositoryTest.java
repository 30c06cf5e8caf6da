package dev.penstock.model.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TypeProto;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.repository.ModelRepository.Contents;
import dev.penstock.model.repository.ModelRepository.RefusedModel;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelRepositoryTest {
    private static final long LIMIT_BYTES = 10_000;

    @TempDir
    Path folder;

    @Test
    void findsModelsByNameThenVersionAsNumbers() throws IOException {
        OnnxModels.write(folder, "b", 10, OnnxModels.addition());
        OnnxModels.write(folder, "b", 9, OnnxModels.addition());
        OnnxModels.write(folder, "a", 1, OnnxModels.addition());

        assertThat(scan().found())
                .extracting(model -> model.name() + "/" + model.version())
                .containsExactly("a/1", "b/9", "b/10");
    }

    @Test
    void readsTheSignatureWithoutConstants() throws IOException {
        GraphProto.Builder graph = OnnxModels.lookup().getGraph().toBuilder();
        // Older exporters also list weights as inputs.
        graph.addInput(OnnxModels.value("table", DataType.FLOAT, 3, 2));
        OnnxModels.write(folder, "lookup", 1, OnnxModels.model(graph));

        var signature = scan().found().get(0).graph().signature();

        assertThat(signature.inputs()).containsExactly(new TensorSpec("index", Datatype.INT64, Shape.of(-1)));
        assertThat(signature.outputs()).containsExactly(new TensorSpec("row", Datatype.FP32, Shape.of(-1, 2)));
    }

    @Test
    void readsEveryDatatype() throws IOException {
        for (Datatype datatype : Datatype.values()) {
            OnnxModels.write(folder, datatype.name(), 1, OnnxModels.identity(datatype));
        }

        Contents contents = scan();

        assertThat(contents.refused()).isEmpty();
        assertThat(contents.found())
                .hasSize(14)
                .allSatisfy(model -> assertThat(model.graph()
                                .signature()
                                .inputs()
                                .get(0)
                                .datatype()
                                .name())
                        .isEqualTo(model.name()));
    }

    @Test
    void keepsTheNamesOfVariableDimensions() throws IOException {
        OnnxModels.write(folder, "sequence", 1, OnnxModels.sequence());

        OnnxGraph graph = scan().found().get(0).graph();

        assertThat(graph.inputShapes().get(0).variables()).containsExactly("sequence");
        assertThat(graph.outputShapes().get(0).variables()).containsExactly("sequence");
    }

    @Test
    void treatsANegativeDimensionAsVariable() throws IOException {
        OnnxModels.write(folder, "m", 1, identityOf(-1, -1));

        OnnxGraph graph = scan().found().get(0).graph();

        assertThat(graph.signature().inputs().get(0).shape()).isEqualTo(Shape.of(-1, -1));
        assertThat(graph.inputShapes().get(0).variables()).containsExactly("x.1");
    }

    @Test
    void servesTheOthersWhenOneIsBroken() throws IOException {
        OnnxModels.write(folder, "good", 1, OnnxModels.addition());
        Files.writeString(OnnxModels.write(folder, "good", 2, OnnxModels.addition()), "not a model");
        OnnxModels.write(folder, "bad", 1, OnnxModels.addition());
        OnnxModels.writeConfig(folder, "bad", "max_batch_size: many");

        Contents contents = scan();

        assertThat(contents.found()).extracting(ModelDefinition::version).containsExactly(1L);
        assertThat(contents.refused())
                .extracting(RefusedModel::name, RefusedModel::version)
                .containsExactly(tuple("bad", Optional.empty()), tuple("good", Optional.of("2")));
    }

    @Test
    void skipsFilesAndHiddenFolders() throws IOException {
        Files.writeString(folder.resolve("README.md"), "models");
        Files.createDirectories(folder.resolve("..data/1"));

        assertThat(scan()).isEqualTo(new Contents(List.of(), List.of(), List.of()));
    }

    /** The request topic of a model "features" would be the topic of a view "requests" too. */
    @Test
    void refusesNamesWhoseTopicsCollideWithOthers() throws IOException {
        OnnxModels.write(folder, "features", 1, OnnxModels.addition());
        OnnxModels.write(folder, "replies", 1, OnnxModels.addition());
        OnnxModels.write(folder, "feature", 1, OnnxModels.addition());

        assertThat(scan().found()).extracting(ModelDefinition::name).containsExactly("feature");
        assertThat(scan().refused()).extracting(RefusedModel::name).containsExactly("features", "replies");
        assertThat(scan().refused().getFirst().reason()).startsWith("the name must not be one of [features, replies]");
    }

    @Test
    void refusesNamesThatDoNotMatch() throws IOException {
        OnnxModels.write(folder, "no spaces", 1, OnnxModels.addition());
        OnnxModels.write(folder, "x".repeat(101), 1, OnnxModels.addition());
        OnnxModels.write(folder, "x".repeat(100), 1, OnnxModels.addition());

        assertThat(scan().found()).hasSize(1);
        assertThat(scan().refused())
                .hasSize(2)
                .allSatisfy(refusal -> assertThat(refusal.reason())
                        .startsWith("the name must match [A-Za-z0-9][A-Za-z0-9._-]{0,99}, was '"));
    }

    @Test
    void refusesVersionsThatAreNotPositiveIntegers() throws IOException {
        for (String version : List.of("0", "01", "v1", "-1")) {
            Files.createDirectories(folder.resolve("m").resolve(version));
        }

        assertThat(scan().refused())
                .extracting(refusal -> refusal.version().orElse(""))
                .containsExactlyInAnyOrder("0", "01", "v1", "-1");
        assertThat(scan().refused())
                .extracting(RefusedModel::reason)
                .containsExactlyInAnyOrder(
                        "the name of a version folder must be a positive integer, was '0'",
                        "the name of a version folder must be a positive integer, was '01'",
                        "the name of a version folder must be a positive integer, was 'v1'",
                        "the name of a version folder must be a positive integer, was '-1'");
    }

    @Test
    void refusesAModelWithoutVersions() throws IOException {
        Files.createDirectories(folder.resolve("m"));

        assertThat(refusal()).isEqualTo("the model must have a version folder such as m/1");
    }

    @Test
    void aModelThatACentreRunsNeedsNoVersions() throws IOException {
        Files.createDirectories(folder.resolve("m"));
        Files.writeString(folder.resolve("m/model.yaml"), "remote: {url: 'https://centre.example', model: ranker}\n");

        assertThat(new ModelRepository(folder, Integer.MAX_VALUE).scan().found())
                .singleElement()
                .satisfies(model -> {
                    assertThat(model.name()).isEqualTo("m");
                    assertThat(model.version()).isEqualTo(1);
                    assertThat(model.isRemote()).isTrue();
                });

        Files.createDirectories(folder.resolve("m/1"));
        assertThat(refusal()).startsWith("a model that a centre runs must have no version folders");
    }

    /** It would be sent to the centre. */
    @ParameterizedTest
    @ValueSource(strings = {"/etc/passwd", "../../key", "linked"})
    void theKeyForACentreIsNoOtherFileOfTheHost(String keyFile, @TempDir Path outside) throws IOException {
        Files.createDirectories(folder.resolve("m"));
        Files.createSymbolicLink(folder.resolve("m/linked"), Files.writeString(outside.resolve("secret"), "s"));
        String reason = keyFile.equals("linked") ? "must not link to a file outside" : "must be a path from";
        String key = "api_key_file: %s".formatted(keyFile);
        for (String more : List.of(key, "use: overflow, files: {url: 'https://files.example', %s}".formatted(key))) {
            Files.writeString(
                    folder.resolve("m/model.yaml"),
                    "remote: {url: 'https://centre.example', model: ranker, %s}".formatted(more));

            assertThat(refusal()).contains(reason);
        }
    }

    @Test
    void refusesAMissingFile() throws IOException {
        Files.createDirectories(folder.resolve("m/1"));

        assertThat(refusal()).isEqualTo("model.onnx is missing");
    }

    @Test
    void refusesAFileOverTheLimit() throws IOException {
        Files.write(OnnxModels.write(folder, "m", 1, OnnxModels.addition()), new byte[10_001]);

        assertThat(refusal()).isEqualTo("model.onnx must have at most 10000 bytes, has 10001");
    }

    @Test
    void refusesALinkOutOfTheRepository(@TempDir Path elsewhere) throws IOException {
        Path secret = OnnxModels.write(elsewhere, "m", 1, OnnxModels.addition());
        Files.createDirectories(folder.resolve("m/1"));
        Files.createSymbolicLink(folder.resolve("m/1/model.onnx"), secret);

        assertThat(refusal()).isEqualTo("model.onnx must not link to a file outside the model repository");
    }

    @Test
    void refusesALinkedFolderOutOfTheRepository(@TempDir Path elsewhere) throws IOException {
        OnnxModels.write(elsewhere, "m", 1, OnnxModels.addition());
        Files.createSymbolicLink(folder.resolve("m"), elsewhere.resolve("m"));

        assertThat(refusal()).isEqualTo("model.onnx must not link to a file outside the model repository");
    }

    @Test
    void refusesALinkedModelYamlOutOfTheRepository(@TempDir Path elsewhere) throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.addition());
        Path secret = Files.writeString(elsewhere.resolve("secret"), "password: 1234");
        Files.createSymbolicLink(folder.resolve("m/model.yaml"), secret);

        assertThat(refusal()).isEqualTo("model.yaml must not link to a file outside the model repository");
    }

    @Test
    void followsLinksWithinTheRepository() throws IOException {
        OnnxModels.write(folder.resolve("..data"), "m", 1, OnnxModels.addition());
        Files.createSymbolicLink(folder.resolve("m"), folder.resolve("..data/m"));

        assertThat(scan().found()).extracting(ModelDefinition::name).containsExactly("m");
    }

    @Test
    void refusesAModelYamlOverTheLimit() throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.addition());
        OnnxModels.writeConfig(folder, "m", "#".repeat(262_145));

        assertThat(refusal()).isEqualTo("model.yaml must have at most 262144 bytes, has 262145");
    }

    @Test
    void refusesAModelYamlThatIsNotText() throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.addition());
        Files.write(folder.resolve("m/model.yaml"), new byte[] {(byte) 0xff, (byte) 0xfe});

        assertThat(refusal()).startsWith("cannot be read: ");
    }

    @Test
    void refusesAnEmptyFile() throws IOException {
        Files.write(OnnxModels.write(folder, "m", 1, OnnxModels.addition()), new byte[0]);

        assertThat(refusal()).isEqualTo("model.onnx is empty: it has 0 bytes; copy it again");
    }

    @Test
    void refusesWhatIsNotOnnx() throws IOException {
        Files.writeString(OnnxModels.write(folder, "m", 1, OnnxModels.addition()), "not a model");

        assertThat(refusal())
                .startsWith(
                        "model.onnx is not an ONNX file, or is incomplete; copy it again, or export the model to ONNX: ");
    }

    @Test
    void refusesAnInputWithoutAShape() throws IOException {
        GraphProto.Builder graph = OnnxModels.identityGraph();
        graph.getInputBuilder(0).getTypeBuilder().getTensorTypeBuilder().clearShape();

        assertThat(refusalOf(OnnxModels.model(graph)))
                .isEqualTo("input 'x' must declare a shape; run ONNX shape inference on the model");
    }

    @Test
    void refusesWhatIsNotATensor() throws IOException {
        GraphProto.Builder graph = OnnxModels.identityGraph();
        graph.getOutputBuilder(0).setType(TypeProto.newBuilder().setSequenceType(TypeProto.Sequence.newBuilder()));

        assertThat(refusalOf(OnnxModels.model(graph))).startsWith("output 'y' must be a tensor, was a sequence of ");
    }

    @Test
    void refusesASequenceOfMapsThatNoZipMapMakes() throws IOException {
        GraphProto.Builder graph = OnnxModels.identityGraph();
        graph.setOutput(0, OnnxModels.maps("y", DataType.INT64));

        assertThat(refusalOf(OnnxModels.model(graph)))
                .isEqualTo(
                        "output 'y' must be a tensor, was a sequence of maps; export the model with a tensor in its place");
    }

    @Test
    void declaresWhatAZipMapMakesAsATensorWithLabels() throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.classifier());

        assertThat(scan().found().getFirst().graph().signature().outputs())
                .containsExactly(
                        new TensorSpec("label", Datatype.BYTES, Shape.of(-1)),
                        new TensorSpec("probabilities", Datatype.FP32, Shape.of(-1, 3))
                                .withLabels(List.of("red", "green", "blue")));
    }

    @Test
    void takesTheLabelsOfAnOutputFromAFile() throws IOException {
        labelled("scores.txt", "labels: {y: scores.txt}", "a\nb\n\u00e4\n");

        assertThat(scan().found().getFirst().graph().signature().outputs())
                .extracting(TensorSpec::labels)
                .containsExactly(List.of("a", "b", "\u00e4"));
    }

    @Test
    void refusesLabelsThatDoNotFit() throws IOException {
        labelled("scores.txt", "labels: {y: scores.txt}", "a\nb\n");
        assertThat(refusal()).isEqualTo("model.yaml: labels.y must have one line for each of 3 classes, had 2");

        labelled("scores.txt", "labels: {z: scores.txt}", "a\nb\nc\n");
        assertThat(refusal()).isEqualTo("model.yaml: labels.z must name an output of the model");

        labelled("scores.txt", "labels: {y: other.txt}", "a\nb\nc\n");
        assertThat(refusal())
                .isEqualTo("model.yaml: labels.y must name a file beside model.yaml; there is no other.txt");

        labelled("scores.txt", "labels: {y: ../scores.txt}", "a\nb\nc\n");
        assertThat(refusal()).contains("labels.y must be the name of a file beside model.yaml");

        labelled("scores.txt", "labels: {y: scores.txt}", "x".repeat(65_537));
        assertThat(refusal()).contains("must name a file of at most 65536 bytes, scores.txt has 65537");
    }

    private void labelled(String file, String config, String labels) throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.writeConfig(folder, "m", config);
        Files.writeString(folder.resolve("m").resolve(file), labels);
    }

    @Test
    void refusesADatatypeThatTheProtocolLacks() throws IOException {
        assertThat(refusalOf(OnnxModels.model(
                        OnnxModels.identityGraph().addInput(OnnxModels.value("b", DataType.COMPLEX64, "batch")))))
                .isEqualTo("input 'b' has the unsupported datatype COMPLEX64");
    }

    @Test
    void refusesExternalDataElsewhere() throws IOException {
        assertThat(refusalOf(OnnxModels.externalData()))
                .isEqualTo(
                        "tensor 'weights' must have its external data in a file beside model.onnx, was '../../etc/passwd';"
                                + " save the model again, with location='model.onnx.data'");
    }

    @Test
    void refusesExternalDataElsewhereInASubgraph() throws IOException {
        GraphProto branch = GraphProto.newBuilder()
                .addNode(NodeProto.newBuilder()
                        .setOpType("Constant")
                        .addAttribute(AttributeProto.newBuilder().setT(OnnxModels.external("hidden"))))
                .build();

        assertThat(refusalOf(OnnxModels.model(OnnxModels.identityGraph()
                        .addNode(NodeProto.newBuilder()
                                .setOpType("If")
                                .addAttribute(AttributeProto.newBuilder().setG(branch))))))
                .startsWith("tensor 'hidden' must have its external data in a file beside model.onnx");
    }

    @Test
    void refusesCustomOperators() throws IOException {
        assertThat(refusalOf(OnnxModels.customOperator()))
                .isEqualTo("node 'decoder' uses the custom operator com.example:Decode; use only operators of ai.onnx,"
                        + " ai.onnx.ml and com.microsoft");
    }

    @Test
    void refusesCustomOperatorsInAFunction() throws IOException {
        NodeProto call = NodeProto.newBuilder().setDomain("own").setOpType("F").build();
        ModelProto.Builder model = OnnxModels.model(OnnxModels.identityGraph().addNode(call)).toBuilder();
        FunctionProto.Builder function =
                FunctionProto.newBuilder().setDomain("own").setName("F");

        assertThat(refusalOf(model.clone()
                        .addFunctions(function.clone()
                                .addNode(NodeProto.newBuilder().setDomain("x").setOpType("Y")))
                        .build()))
                .contains("custom operator x:Y");
    }

    @Test
    void acceptsFunctionsThatTheModelBringsAlong() throws IOException {
        NodeProto call = NodeProto.newBuilder().setDomain("own").setOpType("F").build();
        OnnxModels.write(
                folder,
                "m",
                1,
                OnnxModels.model(OnnxModels.identityGraph().addNode(call)).toBuilder()
                        .addFunctions(
                                FunctionProto.newBuilder().setDomain("own").setName("F"))
                        .build());

        assertThat(scan().refused()).isEmpty();
    }

    @Test
    void refusesSubgraphsCompiledIntoOtherFiles() throws IOException {
        assertThat(refusalOf(OnnxModels.model(OnnxModels.identityGraph()
                        .addNode(NodeProto.newBuilder()
                                .setDomain("com.microsoft")
                                .setOpType("EPContext")
                                .setName("engine")))))
                .isEqualTo(
                        "node 'engine' is an EPContext, which may refer to another file; export the model without it");
    }

    @Test
    void refusesAWrongHash() throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.addition());
        OnnxModels.writeConfig(folder, "m", "sha256: " + "0".repeat(63) + "a");

        assertThat(refusal())
                .startsWith("model.onnx must have the SHA-256 " + "0".repeat(63) + "a (sha256 in model.yaml), was ");
    }

    @Test
    void acceptsTheRightHashOfTheOnlyVersion() throws IOException {
        OnnxModels.write(folder, "m", 3, OnnxModels.addition());
        String sha256 = scan().found().get(0).sha256();
        OnnxModels.writeConfig(folder, "m", "sha256: " + sha256.toUpperCase(Locale.ROOT));

        assertThat(scan().found()).hasSize(1);
    }

    @Test
    void checksTheHashOfEachVersion() throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.addition());
        OnnxModels.write(folder, "m", 2, OnnxModels.lookup());
        OnnxModels.write(folder, "m", 3, OnnxModels.sequence());
        String first = scan().found().get(0).sha256();
        OnnxModels.writeConfig(folder, "m", "sha256:\n  1: " + first + "\n  2: " + first);

        Contents contents = scan();

        assertThat(contents.found()).extracting(ModelDefinition::version).containsExactly(1L);
        assertThat(contents.refused().get(0).reason()).startsWith("model.onnx must have the SHA-256 ");
        assertThat(contents.refused().get(1).reason()).isEqualTo("model.yaml: sha256 must have a hash for version 3");
    }

    @Test
    void refusesOneHashForSeveralVersions() throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.addition());
        OnnxModels.write(folder, "m", 2, OnnxModels.addition());
        OnnxModels.writeConfig(folder, "m", "sha256: " + "a".repeat(64));

        assertThat(scan().refused())
                .hasSize(2)
                .allSatisfy(refusal -> assertThat(refusal.reason())
                        .isEqualTo("model.yaml: sha256 must map each version to its hash: the model has 2 versions"));
    }

    @Test
    void refusesWarmUpSizesThatNoDimensionHas() throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.sequence());
        OnnxModels.writeConfig(folder, "m", "warm_up: {sizes: {length: [16]}}");

        assertThat(refusal())
                .isEqualTo(
                        "model.yaml: warm_up.sizes.length must be a variable dimension of the model, one of [sequence]");
    }

    @Test
    void refusesBillionsOfWarmUpRunsBeforeTheyAreMade() throws IOException {
        OnnxModels.write(
                folder,
                "m",
                1,
                OnnxModels.model(GraphProto.newBuilder()
                        .addInput(OnnxModels.value("x", DataType.FLOAT, "batch", "a", "b", "c", "d", "e"))
                        .addOutput(OnnxModels.value("y", DataType.FLOAT, "batch", "a", "b", "c", "d", "e"))
                        .addNode(OnnxModels.node("Identity", List.of("x"), "y"))));
        StringBuilder yaml = new StringBuilder("shape_buckets:\n");
        String sizes = IntStream.rangeClosed(1, 200).boxed().toList().toString();
        for (String dimension : List.of("a", "b", "c", "d", "e")) {
            yaml.append("  " + dimension + ": {sizes: " + sizes + ", pad: {x: 0}}\n");
        }
        OnnxModels.writeConfig(folder, "m", yaml.toString());

        assertThat(refusal()).startsWith("model.yaml: shape_buckets and warm_up must make at most 256 runs");
    }

    @Test
    void namesTheRangeOfItsOwnLimit() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ModelRepository(folder, 0))
                .withMessage("maxFileBytes must be in 1..2147483647, was 0");
    }

    private Contents scan() throws IOException {
        return new ModelRepository(folder, LIMIT_BYTES).scan();
    }

    private String refusal() throws IOException {
        Contents contents = scan();
        assertThat(contents.found()).isEmpty();
        assertThat(contents.refused()).hasSize(1);
        return contents.refused().get(0).reason();
    }

    private String refusalOf(ModelProto model) throws IOException {
        OnnxModels.write(folder, "m", 1, model);
        return refusal();
    }

    private static ModelProto identityOf(Object... dimensions) {
        return OnnxModels.model(GraphProto.newBuilder()
                .addInput(OnnxModels.value("x", DataType.FLOAT, dimensions))
                .addOutput(OnnxModels.value("y", DataType.FLOAT, dimensions))
                .addNode(OnnxModels.node("Identity", List.of("x"), "y")));
    }
}
