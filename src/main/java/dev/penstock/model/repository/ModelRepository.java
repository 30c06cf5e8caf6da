package dev.penstock.model.repository;

import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.graph.OnnxFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A folder of models: {@code <name>/<version>/model.onnx} and, optionally, {@code <name>/model.yaml}. A broken model never affects the
 * others.
 *
 * @param maxFileBytes the largest model.onnx that is read, in bytes
 */
public record ModelRepository(Path folder, long maxFileBytes) {

    /**
     * The result of a scan. Models are ordered by name, then by version.
     *
     * @param fetched the models of which versions that are missing may be fetched
     */
    public record Contents(List<ModelDefinition> found, List<FetchedModel> fetched, List<RefusedModel> refused) {
        public Contents {
            found = List.copyOf(found);
            fetched = List.copyOf(fetched);
            refused = List.copyOf(refused);
        }
    }

    /**
     * A model that is not served, with the reason.
     *
     * @param version the name of its folder, which may not be that of a version; empty if the whole model is refused
     */
    public record RefusedModel(String name, Optional<String> version, String reason) {}

    /** A model whose versions come from elsewhere, see {@link dev.penstock.model.remote.VersionFetch}. */
    public record FetchedModel(String name, Path folder, ModelConfig config) {}

    public ModelRepository {
        if (maxFileBytes < 1 || maxFileBytes > OnnxFile.MAX_BYTES) {
            throw new IllegalArgumentException(
                    "maxFileBytes must be in 1.." + OnnxFile.MAX_BYTES + ", was " + maxFileBytes);
        }
    }

    /**
     * Finds and checks all models. Does not load them.
     *
     * @throws IOException if the folder itself cannot be read
     */
    public Contents scan() throws IOException {
        return new RepositoryScan(this).run();
    }

    /** Finds and checks one model, which is a folder here. */
    public Contents scan(String model) {
        return new RepositoryScan(this).run(model);
    }
}
