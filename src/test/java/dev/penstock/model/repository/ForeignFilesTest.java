package dev.penstock.model.repository;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.model.OnnxModels;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.model.repository.ModelRepository.Contents;
import dev.penstock.model.repository.ModelRepository.RefusedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What people put into the folder in place of a model is named as what it is, with the cure. */
class ForeignFilesTest {
    @TempDir
    Path folder;

    @Test
    void aPointerOfGitLfs() throws IOException {
        write("version https://git-lfs.github.com/spec/v1\noid sha256:" + "4d".repeat(32) + "\nsize 90387630\n");

        assertThat(refusal())
                .isEqualTo("model.onnx is not an ONNX file but a Git LFS pointer to a file of 90387630 bytes; "
                        + "run 'git lfs pull' in its repository, and copy the file again");
    }

    @ParameterizedTest
    @CsvSource({
        "'\n<!DOCTYPE html>\n<html>',an HTML page",
        "'<html lang=en>',an HTML page",
        "PK\u0003\u0004data,a ZIP archive",
        "'\u001f\u008b\u0008data',a file compressed with gzip",
        "'\u0089HDF\r\n',an HDF5 file",
        "'\u0080\u0004\u0095data',a Python pickle",
        "GGUF\u0003,a GGUF file",
        "xxxxORTM,a model in the ORT format",
        "xxxxTFL3,a TensorFlow Lite model"
    })
    void anotherKindOfFile(String content, String kind) throws IOException {
        write(content);

        assertThat(refusal())
                .startsWith("model.onnx is not an ONNX file but " + kind)
                .contains("; ");
    }

    @Test
    void anEmptyFile() throws IOException {
        write("");

        assertThat(refusal()).isEqualTo("model.onnx is empty: it has 0 bytes; copy it again");
    }

    @Test
    void aFileThatIsCutOff() throws IOException {
        byte[] whole = OnnxModels.lookup().toByteArray();
        write(new String(whole, 0, whole.length / 2, ISO_8859_1));

        assertThat(refusal()).startsWith("model.onnx is not an ONNX file, or is incomplete; copy it again");
    }

    @Test
    void aModelThatLiesLoose() throws IOException {
        Files.write(folder.resolve("mnist-12.onnx"), OnnxModels.addition().toByteArray());

        Contents contents = scan();

        assertThat(contents.refused()).extracting(RefusedModel::name).containsExactly("mnist-12");
        assertThat(contents.refused().getFirst().reason())
                .isEqualTo("mnist-12.onnx lies loose in the folder of all models; move it to mnist-12/1/model.onnx");
    }

    @Test
    void aModelWithoutAVersionFolder() throws IOException {
        Files.createDirectories(folder.resolve("m"));
        Files.write(folder.resolve("m/model.onnx"), OnnxModels.addition().toByteArray());

        assertThat(refusal())
                .isEqualTo("the model must have a version folder such as m/1; move model.onnx to m/1/model.onnx");
    }

    @Test
    void aModelOfAnotherName() throws IOException {
        Files.createDirectories(folder.resolve("m/1"));
        Files.write(folder.resolve("m/1/resnet.onnx"), OnnxModels.addition().toByteArray());

        assertThat(refusal()).isEqualTo("model.onnx is missing; rename resnet.onnx to it");
    }

    @Test
    void aModelOfAnotherFormat() throws IOException {
        Files.createDirectories(folder.resolve("m/1"));
        Files.writeString(folder.resolve("m/1/model.pt"), "weights");

        assertThat(refusal()).startsWith("model.onnx is missing; the folder has [model.pt]");
    }

    @Test
    void aLinkToNothing() throws IOException {
        Files.createDirectories(folder.resolve("m/1"));
        Files.createSymbolicLink(folder.resolve("m/1/model.onnx"), Path.of("../../blobs/4d7a"));

        assertThat(refusal())
                .isEqualTo("model.onnx links to ../../blobs/4d7a, which is missing; put the file itself there");
    }

    @Test
    void aConfigurationOfAnotherName() throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.addition());
        Files.writeString(folder.resolve("m/model.yml"), "max_batch_size: 8");

        assertThat(refusal()).isEqualTo("model.yml is not read; rename it to model.yaml, or delete it");
    }

    @ParameterizedTest
    @CsvSource({"'---\nmax_batch_size: 8\n---\nmax_queue_delay: 5ms\n'", "'max_batch_size: 8\n---\nmax_batch_size: 9\n'"
    })
    void aSecondYamlDocument(String yaml) throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.addition());
        OnnxModels.writeConfig(folder, "m", yaml);

        assertThat(refusal()).startsWith("model.yaml must be one YAML document, has a second near line ");
    }

    @ParameterizedTest
    @CsvSource({"'---\nmax_batch_size: 8\n'", "'max_batch_size: 8\n...\n'", "'# nothing\n'"})
    void aSingleYamlDocumentInAnyFormIsFine(String yaml) throws IOException {
        OnnxModels.write(folder, "m", 1, OnnxModels.addition());
        OnnxModels.writeConfig(folder, "m", yaml);

        assertThat(scan().refused()).isEmpty();
    }

    @Test
    void tritonsConfigurationIsNotedAndTheModelIsServed() throws Exception {
        OnnxModels.write(folder, "m", 1, OnnxModels.addition());
        Files.writeString(folder.resolve("m/config.pbtxt"), "max_batch_size: 8");
        Files.writeString(folder.resolve("m/1/model.yaml"), "max_batch_size: 8");

        try (LoadedModel model = new ModelLoader().load(scan().found().getFirst())) {
            assertThat(model.notes())
                    .contains(
                            "config.pbtxt is Triton's and is not read; put its settings into model.yaml",
                            "1/model.yaml is not read; move it up, beside the version folders");
        }
    }

    private void write(String content) throws IOException {
        Files.write(OnnxModels.write(folder, "m", 1, OnnxModels.addition()), content.getBytes(ISO_8859_1));
    }

    private String refusal() throws IOException {
        Contents contents = scan();
        assertThat(contents.found()).isEmpty();
        assertThat(contents.refused()).extracting(RefusedModel::name).isEqualTo(List.of("m"));
        return contents.refused().getFirst().reason();
    }

    private Contents scan() throws IOException {
        return new ModelRepository(folder, OnnxFile.MAX_BYTES).scan();
    }
}
