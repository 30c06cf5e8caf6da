package dev.penstock.model.repository;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.Slot;
import dev.penstock.model.repository.ModelRepository.Contents;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Sha256;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models whose weights are in another file, as PyTorch exports them. */
class ExternalDataTest {
    private static final String FILE = "model.onnx.data";
    private static final long LIMIT_BYTES = 10_000;

    @TempDir
    Path folder;

    @Test
    void servesWeightsFromTheVersionsFolder() throws Exception {
        write(lookup(Map.of("location", FILE, "offset", "8", "length", "24")), weights(8));

        assertThat(rowOfIndexOne()).containsExactly(10, 11);
    }

    @Test
    void takesTheRestOfTheFileWithoutALength() throws Exception {
        write(lookup(Map.of("location", FILE)), weights(0));

        assertThat(rowOfIndexOne()).containsExactly(10, 11);
    }

    @Test
    void servesConstantsWithExternalData() throws Exception {
        GraphProto.Builder graph = lookup(Map.of()).getGraph().toBuilder().clearInitializer();
        graph.addNode(
                0,
                OnnxModels.node(
                        "Constant",
                        List.of(),
                        "table",
                        AttributeProto.newBuilder()
                                .setName("value")
                                .setType(AttributeProto.AttributeType.TENSOR)
                                .setT(table(Map.of("location", FILE)))
                                .build()));
        write(OnnxModels.model(graph), weights(0));

        assertThat(rowOfIndexOne()).containsExactly(10, 11);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", ".", "..", "../model.onnx.data", "/etc/passwd", "data/weights", "a\\b", "..\\b", "a\nb"})
    void refusesLocationsThatAreNoPlainNames(String location) throws Exception {
        write(lookup(Map.of("location", location)), weights(0));

        assertThat(refusal())
                .isEqualTo("tensor 'table' must have its external data in a file beside model.onnx, was '" + location
                        + "'; save the model again, with location='model.onnx.data'");
    }

    @Test
    void refusesALinkOutOfTheVersionsFolder() throws Exception {
        write(lookup(Map.of("location", FILE)), weights(0));
        Files.move(folder.resolve("m/1/" + FILE), folder.resolve("m/elsewhere"));
        Files.createSymbolicLink(folder.resolve("m/1/" + FILE), folder.resolve("m/elsewhere"));

        assertThat(refusal()).isEqualTo("model.onnx.data must not link to a file outside its version's folder");
    }

    @Test
    void refusesAMissingFile() throws Exception {
        OnnxModels.write(folder, "m", 1, lookup(Map.of("location", FILE)));

        assertThat(refusal()).isEqualTo("model.onnx.data is missing");
    }

    @Test
    void refusesAPointerOfGitLfs() throws Exception {
        write(lookup(Map.of("location", FILE)), "version https://git-lfs.github.com/spec/v1\n".getBytes(UTF_8));

        assertThat(refusal()).startsWith("model.onnx.data is not an ONNX file but a Git LFS pointer");
    }

    @ParameterizedTest
    @ValueSource(strings = {"25", "999999999999999999"})
    void refusesAFileThatIsTooShort(String length) throws Exception {
        write(lookup(Map.of("location", FILE, "length", length)), weights(0));

        assertThat(refusal())
                .isEqualTo("tensor 'table' needs " + length
                        + " bytes at 0 of model.onnx.data, which has 24 bytes; copy it again together with model.onnx");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "x", "99999999999999999999"})
    void refusesAnOffsetThatIsNoNumber(String offset) throws Exception {
        write(lookup(Map.of("location", FILE, "offset", offset)), weights(0));

        assertThat(refusal())
                .isEqualTo(
                        "tensor 'table' must have a number as the offset of its external data, was '" + offset + "'");
    }

    @Test
    void checksTheChecksumOfTheModel() throws Exception {
        String sha1 =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(weights(0)));
        write(lookup(Map.of("location", FILE, "checksum", sha1)), weights(0));
        assertThat(rowOfIndexOne()).containsExactly(10, 11);

        write(lookup(Map.of("location", FILE, "checksum", "0".repeat(40))), weights(0));
        assertThat(refusal())
                .isEqualTo("tensor 'table' expects model.onnx.data with the SHA-1 " + "0".repeat(40) + ", was " + sha1);
    }

    @Test
    void checksTheHashOfEachFile() throws Exception {
        ModelProto model = lookup(Map.of("location", FILE));
        write(model, weights(0));
        String onnx = Sha256.hex(model.toByteArray());
        String data = Sha256.hex(weights(0));
        for (String right : List.of(
                "sha256: {model.onnx: " + onnx + ", model.onnx.data: " + data + "}",
                "sha256: {1: {model.onnx: " + onnx + ", model.onnx.data: " + data + "}}")) {
            OnnxModels.writeConfig(folder, "m", right);
            assertThat(scan().refused()).isEmpty();
        }

        OnnxModels.writeConfig(
                folder, "m", "sha256: {model.onnx: " + onnx + ", model.onnx.data: " + "a".repeat(64) + "}");
        assertThat(refusal())
                .startsWith("model.onnx.data must have the SHA-256 aaa")
                .endsWith("was " + data);

        OnnxModels.writeConfig(folder, "m", "sha256: " + onnx);
        assertThat(refusal()).startsWith("model.yaml: sha256 must have a hash for model.onnx.data of version 1");
    }

    @Test
    void refusesWeightsThatChangedSinceTheyWereChecked() throws Exception {
        write(lookup(Map.of("location", FILE)), weights(0));
        ModelDefinition definition = scan().found().getFirst();
        Files.write(folder.resolve("m/1/" + FILE), new byte[24]);

        assertThatExceptionOfType(ModelRefusedException.class)
                .isThrownBy(() -> new ModelLoader().load(definition))
                .withMessage("model.onnx changed after it was checked; restart to check it again");
    }

    @Test
    void boundsAllFilesTogether() throws Exception {
        write(lookup(Map.of("location", FILE)), new byte[(int) LIMIT_BYTES]);

        assertThat(refusal()).startsWith("model.onnx.data must have at most 9").endsWith("bytes, has 10000");
    }

    private void write(ModelProto model, byte[] data) throws IOException {
        Path file = OnnxModels.write(folder, "m", 1, model);
        Files.write(file.resolveSibling(FILE), data);
    }

    /** {@link OnnxModels#lookup} with its table in a file. */
    private static ModelProto lookup(Map<String, String> external) {
        return OnnxModels.model(
                OnnxModels.lookup().getGraph().toBuilder().clearInitializer().addInitializer(table(external)));
    }

    private static TensorProto table(Map<String, String> external) {
        TensorProto.Builder table = TensorProto.newBuilder()
                .setName("table")
                .setDataType(DataType.FLOAT.getNumber())
                .addAllDims(List.of(3L, 2L))
                .setDataLocation(TensorProto.DataLocation.EXTERNAL);
        external.forEach((key, value) -> table.addExternalData(
                StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
        return table.build();
    }

    private static byte[] weights(int offset) {
        ByteBuffer bytes = ByteBuffer.allocate(offset + 6 * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.position(offset);
        for (float value : new float[] {0, 1, 10, 11, 20, 21}) {
            bytes.putFloat(value);
        }
        return bytes.array();
    }

    private float[] rowOfIndexOne() throws Exception {
        ByteBuffer index =
                ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 1);
        Contents contents = scan();
        assertThat(contents.refused()).isEmpty();
        try (LoadedModel model = new ModelLoader().load(contents.found().getFirst());
                Slot slot = model.session().openSlot()) {
            slot.assemble(List.of(List.of(new Tensor("index", Datatype.INT64, Shape.of(1), index))));
            Tensor row = slot.run().getFirst();
            return new float[] {row.data().getFloat(0), row.data().getFloat(4)};
        }
    }

    private String refusal() throws IOException {
        Contents contents = scan();
        assertThat(contents.found()).isEmpty();
        assertThat(contents.refused()).hasSize(1);
        return contents.refused().getFirst().reason();
    }

    private Contents scan() throws IOException {
        return new ModelRepository(folder, LIMIT_BYTES).scan();
    }
}
