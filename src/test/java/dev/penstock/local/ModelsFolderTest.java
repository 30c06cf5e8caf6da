package dev.penstock.local;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelsFolderTest {
    @TempDir
    Path folder;

    @Test
    void aMissingFolderIsNamed() {
        Path missing = folder.resolve("missing");

        assertThatThrownBy(() -> ModelsFolder.require(missing, true))
                .isInstanceOf(CannotStartException.class)
                .hasMessage("there is no folder " + missing
                        + "; name the folder of your models with --models, and put each at NAME/1/model.onnx in it");
    }

    @Test
    void anEmptyFolderIsAMistakeUnlessItIsWanted() throws IOException {
        Files.writeString(folder.resolve("README.md"), "");

        assertThatThrownBy(() -> ModelsFolder.require(folder, false))
                .isInstanceOf(CannotStartException.class)
                .hasMessage("there is no model in " + folder
                        + "; put one at NAME/1/model.onnx in it, or name another folder with --models");
        assertThatCode(() -> ModelsFolder.require(folder, true)).doesNotThrowAnyException();
    }

    @Test
    void aLooseFileIsToldWhereItBelongs() throws IOException {
        Files.writeString(folder.resolve("x.onnx"), "");

        assertThatThrownBy(() -> ModelsFolder.require(folder, false))
                .isInstanceOf(CannotStartException.class)
                .hasMessage("x.onnx lies loose in " + folder + "; move it to x/1/model.onnx in that folder");
    }

    /** Whether a folder within is a model, the worker says, by name and with the reason. */
    @Test
    void aFolderWithAFolderMayHaveModels() throws IOException {
        Files.createDirectory(folder.resolve("x"));

        assertThatCode(() -> ModelsFolder.require(folder, false)).doesNotThrowAnyException();
    }
}
