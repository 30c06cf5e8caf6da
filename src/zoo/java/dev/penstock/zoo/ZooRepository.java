package dev.penstock.zoo;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** A model repository that holds some models of a zoo under the names {@code zoo-0}, {@code zoo-1} and so on. */
public record ZooRepository(Path folder) {

    /** The name of a model by its place in the list. */
    public static String name(int index) {
        return "zoo-" + index;
    }

    /** Replaces what is there by these models. */
    public void fill(List<ModelFile> models) throws IOException {
        delete(folder);
        for (int i = 0; i < models.size(); i++) {
            ModelFile model = models.get(i);
            Path version = Files.createDirectories(folder.resolve(name(i)).resolve("1"));
            put(model.file(), version.resolve("model.onnx"));
            for (Path data : dataFiles(model.file())) {
                put(data, version.resolve(String.valueOf(data.getFileName())));
            }
            if (model.settings().isPresent()) {
                put(model.settings().get(), folder.resolve(name(i)).resolve("model.yaml"));
            }
        }
    }

    /**
     * What lies beside a model and may hold its weights: every file, unless there are other models. Then those whose names begin with the
     * model's, as PyTorch names them.
     */
    private static List<Path> dataFiles(Path model) throws IOException {
        try (Stream<Path> beside = Files.list(Objects.requireNonNull(model.getParent()))) {
            List<Path> files = beside.filter(Files::isRegularFile).toList();
            boolean isAlone = files.stream().filter(ZooRepository::isModel).count() == 1;
            return files.stream()
                    .filter(file -> !isModel(file) && !file.toString().endsWith(".yaml"))
                    .filter(file -> isAlone || file.toString().startsWith(model.toString()))
                    .toList();
        }
    }

    private static boolean isModel(Path file) {
        return file.toString().endsWith(".onnx");
    }

    /** By a hard link where that can be: a symbolic link out of a repository is refused. */
    private static void put(Path from, Path to) throws IOException {
        try {
            Files.createLink(to, from.toRealPath());
        } catch (FileSystemException | UnsupportedOperationException elsewhere) {
            Files.copy(from, to);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }
}
