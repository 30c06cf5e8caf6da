package dev.penstock.model.repository;

import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The files that {@code labels} in model.yaml names: the classes of an output, one a line. They lie beside model.yaml. */
final class LabelFiles {
    /** Workers announce the labels with their model every few seconds. */
    private static final long MAX_BYTES = 64 << 10;

    private LabelFiles() {}

    /**
     * The labels by output.
     *
     * @param files the name of the file of each output
     * @throws ModelRefusedException if a file is missing, too large or empty
     */
    static Map<String, List<String>> read(Path model, Map<String, String> files)
            throws ModelRefusedException, IOException {
        Map<String, List<String>> labels = new HashMap<>();
        for (Map.Entry<String, String> each : files.entrySet()) {
            Path file = model.resolve(each.getValue());
            if (!Files.isRegularFile(file)) {
                throw refused(each.getKey(), "must name a file beside model.yaml; there is no " + each.getValue());
            }
            if (Files.size(file) > MAX_BYTES) {
                throw refused(
                        each.getKey(),
                        "must name a file of at most " + MAX_BYTES + " bytes, " + each.getValue() + " has "
                                + Files.size(file));
            }
            labels.put(each.getKey(), Files.readAllLines(file));
        }
        return labels;
    }

    /**
     * The graph with these labels.
     *
     * @throws ModelRefusedException if an output is missing, or has another number of classes
     */
    static OnnxGraph labelled(OnnxGraph graph, Map<String, List<String>> labels) throws ModelRefusedException {
        for (Map.Entry<String, List<String>> each : labels.entrySet()) {
            TensorSpec output = graph.signature()
                    .output(each.getKey())
                    .orElseThrow(() -> refused(each.getKey(), "must name an output of the model"));
            int rank = output.shape().rank();
            long classes = rank == 0 ? 1 : output.shape().dimension(rank - 1);
            if (classes != Shape.VARIABLE && classes != each.getValue().size()) {
                throw refused(
                        each.getKey(),
                        "must have one line for each of " + classes + " classes, had "
                                + each.getValue().size());
            }
        }
        return labels.isEmpty() ? graph : graph.withLabels(labels);
    }

    private static ModelRefusedException refused(String output, String rule) {
        return new ModelRefusedException("model.yaml: labels." + output + " " + rule);
    }
}
