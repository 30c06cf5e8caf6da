package dev.penstock.zoo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A model in a folder of models.
 *
 * @param path below the folder
 * @param settings its {@code model.yaml}, beside it or, in a model repository, above its version
 * @param dataSets the folders {@code test_data_set_*} beside it
 */
public record ModelFile(String path, Path file, Optional<Path> settings, List<Path> dataSets) {

    private static final int MAX_NAME = 100;

    /** All models below a folder, by path. Hidden folders are skipped. */
    public static List<ModelFile> in(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            List<ModelFile> models = new ArrayList<>();
            for (Path file : files.filter(ModelFile::isModel).sorted().toList()) {
                models.add(of(folder, file));
            }
            return models;
        }
    }

    /** @param folder above the file, for its path */
    public static ModelFile of(Path folder, Path file) throws IOException {
        Path place = Objects.requireNonNull(file.toAbsolutePath().getParent());
        List<Path> dataSets;
        try (Stream<Path> beside = Files.list(place)) {
            dataSets = beside.filter(each -> name(each).startsWith("test_data_set_"))
                    .sorted()
                    .toList();
        }
        boolean isVersion = name(place).matches("[1-9][0-9]*");
        Optional<Path> settings = Stream.of(place, isVersion ? Objects.requireNonNull(place.getParent()) : place)
                .map(each -> each.resolve("model.yaml"))
                .filter(Files::isRegularFile)
                .findFirst();
        return new ModelFile(folder.relativize(file).toString(), file.toAbsolutePath(), settings, dataSets);
    }

    /** A name to serve it under: that of the file, or of the folder that it has for itself. */
    public String name() {
        Path place = Objects.requireNonNull(file.getParent());
        String stem = name(file).replaceFirst("\\.onnx$", "");
        Path own = name(place).matches("[1-9][0-9]*") ? Objects.requireNonNull(place.getParent()) : place;
        String name = stem.equals("model") ? name(own) : stem;
        String allowed = name.replaceAll("[^A-Za-z0-9_-]+", "-").replaceFirst("^[_-]+", "");
        return allowed.isEmpty() ? "model" : allowed.substring(0, Math.min(MAX_NAME, allowed.length()));
    }

    /** The same without settings that look features up: callers send other inputs than those of ONNX Runtime then. */
    ModelFile withoutFeatures() throws IOException {
        boolean hasFeatures = settings.isPresent()
                && Files.readString(settings.get()).lines().anyMatch(line -> line.startsWith("features:"));
        return hasFeatures ? new ModelFile(path, file, Optional.empty(), dataSets) : this;
    }

    /** The same file under another path, such as the one that a user typed. */
    public ModelFile shownAs(String shown) {
        return new ModelFile(shown, file, settings, dataSets);
    }

    private static boolean isModel(Path file) {
        return name(file).endsWith(".onnx") && Files.isRegularFile(file);
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }
}
