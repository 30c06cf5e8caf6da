package dev.penstock.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Starts a centre, and edges that call it, with models in a temporary folder. */
final class EdgeStacks implements AutoCloseable {
    /** The model that the centre has. */
    static final String FAR = "digits";

    /** The same model under the name of one that the edge has. */
    static final String NEAR = "small";

    private static final Path MODEL = Path.of("src/main/models/digits/1/model.onnx");

    private final Path folder = Files.createTempDirectory("penstock-bench-edge");

    EdgeStacks() throws IOException {}

    LocalService centre() throws IOException, InterruptedException {
        return LocalService.start(setup(modelsOf(folder.resolve("centre")), Map.of(), "centre"));
    }

    /**
     * @param centre as the edge reaches it
     * @param callMillis the edge's longest call to the centre
     */
    LocalService edge(EdgeVariant variant, URI centre, int callMillis) throws IOException, InterruptedException {
        Path models = modelsOf(folder.resolve(variant.name()));
        Path far = models.resolve(FAR);
        if (!variant.hasFiles()) {
            delete(far);
            Files.createDirectories(far);
        }
        Files.writeString(far.resolve("model.yaml"), variant.yaml(centre, callMillis));
        return LocalService.start(
                setup(models, Map.of("penstock.worker.centres", centre.toString()), "edge-" + variant.name()));
    }

    private static LocalService.Setup setup(Path models, Map<String, String> settings, String log) {
        return new LocalService.Setup(
                models,
                List.of("/v2/models/" + FAR + "/ready", "/v2/models/" + NEAR + "/ready"),
                settings,
                Optional.empty(),
                log);
    }

    private static Path modelsOf(Path models) throws IOException {
        for (String name : List.of(FAR, NEAR)) {
            Path version = Files.createDirectories(models.resolve(name).resolve("1"));
            Files.copy(MODEL, version.resolve("model.onnx"));
        }
        return models;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }

    @Override
    public void close() throws IOException {
        delete(folder);
    }
}
