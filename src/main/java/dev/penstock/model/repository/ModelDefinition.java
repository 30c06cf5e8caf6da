package dev.penstock.model.repository;

import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.graph.OnnxGraph;
import java.nio.file.Path;

/**
 * A model that was found fit to be loaded.
 *
 * @param file the model.onnx
 * @param sha256 what it hashed to when it was checked, in lower-case hex
 */
public record ModelDefinition(
        String name, long version, Path file, String sha256, OnnxGraph graph, ModelConfig config) {}
