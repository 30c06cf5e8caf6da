package dev.penstock.model.repository;

import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.graph.OnnxGraph;
import java.nio.file.Path;

/**
 * A model version that passed all checks and can be loaded.
 *
 * @param file the path of model.onnx
 * @param sha256 the hash of the file when it was checked, in lower-case hex; with external data, a hash of all its files
 */
public record ModelDefinition(
        String name, long version, Path file, String sha256, OnnxGraph graph, ModelConfig config) {}
