package dev.penstock.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The folder whose models {@code up} serves. It is looked at before anything starts, so that a mistake is one line. */
final class ModelsFolder {
    private static final String ONNX = ".onnx";

    private ModelsFolder() {}

    /**
     * @param allowsEmpty whether a folder without models is what the user wants
     * @throws CannotStartException when there is no such folder, or nothing in it that could be a model
     */
    static void require(Path folder, boolean allowsEmpty) {
        Path models = folder.toAbsolutePath().normalize();
        if (!Files.isDirectory(models)) {
            throw new CannotStartException("there is no folder " + models
                    + "; name the folder of your models with --models, and put each at NAME/1/model.onnx in it");
        }
        List<Path> children = children(models);
        if (allowsEmpty || children.stream().anyMatch(Files::isDirectory)) {
            return;
        }
        Optional<String> loose = children.stream()
                .map(child -> String.valueOf(child.getFileName()))
                .filter(name -> name.toLowerCase(Locale.ROOT).endsWith(ONNX))
                .findFirst();
        throw new CannotStartException(loose.map(file -> file + " lies loose in " + models + "; move it to "
                        + file.substring(0, file.length() - ONNX.length()) + "/1/model.onnx in that folder")
                .orElse("there is no model in " + models
                        + "; put one at NAME/1/model.onnx in it, or name another folder with --models"));
    }

    /** Without hidden ones, sorted. */
    private static List<Path> children(Path folder) {
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(child -> !String.valueOf(child.getFileName()).startsWith("."))
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException unreadable) {
            throw new CannotStartException("the folder " + folder + " cannot be read: " + unreadable, unreadable);
        }
    }
}
