package dev.penstock.model.repository;

import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.graph.OnnxGraph;
import java.nio.file.Path;

/**
 * A model version that passed all checks and can be loaded.
 *
 * @param file the path of model.onnx; that of model.yaml where a centre runs the model
 * @param graph says how the model is run as far as its file tells; that of a {@link LoadedModel}, as a probe found
 * @param sha256 the hash of the file when it was checked, in lower-case hex; with external data, a hash of all its
 *     files; empty where a centre runs the model
 */
public record ModelDefinition(
        String name, long version, Path file, String sha256, OnnxGraph graph, ModelConfig config) {

    /** Whether there is no file of it here: a centre or another model runs it. */
    public boolean isRemote() {
        return sha256.isEmpty();
    }

    /** The same model with a graph that says how it is run. */
    public ModelDefinition withGraph(OnnxGraph decided) {
        boolean isOneByOne = decided.signature().mode().isOneByOne();
        return new ModelDefinition(name, version, file, sha256, decided, isOneByOne ? config.oneByOne() : config);
    }
}
