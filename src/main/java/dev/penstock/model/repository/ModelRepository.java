package dev.penstock.model.repository;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.penstock.messages.Topics;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.ModelNames;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.graph.OnnxSafety;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * A folder of models: {@code <name>/<version>/model.onnx} and, optionally, {@code <name>/model.yaml}. A broken model never affects the
 * others.
 *
 * @param maxFileBytes the largest model.onnx that is read, in bytes
 */
public record ModelRepository(Path folder, long maxFileBytes) {

    /** The result of a scan. Models are ordered by name, then by version. */
    public record Contents(List<ModelDefinition> found, List<RefusedModel> refused) {
        public Contents {
            found = List.copyOf(found);
            refused = List.copyOf(refused);
        }
    }

    /** A model that is not served, with the reason. The version is empty if the whole model is refused. */
    public record RefusedModel(String name, OptionalLong version, String reason) {}

    /** Far above a model.yaml of a few hundred lines. */
    private static final long MAX_YAML_BYTES = 256 << 10;

    public ModelRepository {
        if (maxFileBytes < 1 || maxFileBytes > OnnxFile.MAX_BYTES) {
            throw new IllegalArgumentException(
                    "maxFileBytes must be in 1.." + OnnxFile.MAX_BYTES + ", was " + maxFileBytes);
        }
    }

    /** @throws IOException if the folder itself cannot be read */
    public Contents scan() throws IOException {
        List<ModelDefinition> found = new ArrayList<>();
        List<RefusedModel> refused = new ArrayList<>();
        for (Path model : folders(folder)) {
            String name = nameOf(model);
            try {
                scanModel(name, model, found, refused);
            } catch (ModelRefusedException e) {
                refused.add(new RefusedModel(name, OptionalLong.empty(), e.reason()));
            } catch (IOException e) {
                refused.add(new RefusedModel(name, OptionalLong.empty(), "cannot be read: " + e));
            }
        }
        return new Contents(found, refused);
    }

    private void scanModel(String name, Path model, List<ModelDefinition> found, List<RefusedModel> refused)
            throws ModelRefusedException, IOException {
        if (!ModelNames.NAME.matcher(name).matches()) {
            throw new ModelRefusedException("the name must match " + ModelNames.NAME + ", was '" + name + "'");
        }
        if (Topics.RESERVED_MODELS.contains(name)) {
            throw new ModelRefusedException("the name must not be one of " + Topics.RESERVED_MODELS
                    + ", because its topics would collide with others; rename the model");
        }
        ModelConfig config = ModelConfig.parse(yaml(model.resolve("model.yaml")));
        List<Long> versions = versions(name, model, refused);
        for (long version : versions) {
            Path file = model.resolve(Long.toString(version)).resolve("model.onnx");
            try {
                refuseOutside(file);
                OnnxFile onnx = OnnxFile.map(file, maxFileBytes);
                String sha256 = onnx.sha256();
                config.checksums().check(version, versions.size(), sha256);
                OnnxGraph graph = checkedGraph(onnx.parse(), config);
                found.add(new ModelDefinition(name, version, file, sha256, graph, config));
            } catch (ModelRefusedException e) {
                refused.add(new RefusedModel(name, OptionalLong.of(version), e.reason()));
            } catch (IOException e) {
                refused.add(new RefusedModel(name, OptionalLong.of(version), "cannot be read: " + e));
            }
        }
    }

    private String yaml(Path file) throws ModelRefusedException, IOException {
        if (!Files.exists(file)) {
            return "";
        }
        refuseOutside(file);
        if (Files.size(file) > MAX_YAML_BYTES) {
            throw new ModelRefusedException(
                    "model.yaml must have at most " + MAX_YAML_BYTES + " bytes, has " + Files.size(file));
        }
        return Files.readString(file);
    }

    /** Links within the repository are allowed; Kubernetes mounts use them. A link out of it could name any file of the host. */
    private void refuseOutside(Path file) throws ModelRefusedException, IOException {
        if (Files.exists(file) && !file.toRealPath().startsWith(folder.toRealPath())) {
            throw new ModelRefusedException(
                    file.getFileName() + " must not link to a file outside the model repository");
        }
    }

    /** Checks a model without ONNX Runtime and returns its graph. */
    static OnnxGraph checkedGraph(ModelProto model, ModelConfig config) throws ModelRefusedException {
        OnnxSafety.check(model);
        OnnxGraph graph = OnnxGraph.read(model);
        config.shapeBuckets().check(graph);
        if (config.features().isPresent()) {
            config.features().get().check(graph.signature());
        }
        config.warmUp().runs(graph, config);
        return graph;
    }

    private static List<Long> versions(String name, Path model, List<RefusedModel> refused)
            throws ModelRefusedException, IOException {
        List<Path> folders = folders(model);
        if (folders.isEmpty()) {
            throw new ModelRefusedException("the model must have a version folder such as " + name + "/1");
        }
        List<Long> versions = new ArrayList<>();
        for (Path version : folders) {
            if (ModelNames.isVersion(nameOf(version))) {
                versions.add(Long.parseLong(nameOf(version)));
            } else {
                refused.add(new RefusedModel(
                        name,
                        OptionalLong.empty(),
                        "the name of a version folder must be a positive integer, was '" + nameOf(version) + "'"));
            }
        }
        versions.sort(Comparator.naturalOrder());
        return versions;
    }

    /** The subfolders, sorted by name. Hidden folders are skipped: Kubernetes keeps its own next to mounted files. */
    private static List<Path> folders(Path parent) throws IOException {
        try (Stream<Path> children = Files.list(parent)) {
            return children.filter(Files::isDirectory)
                    .filter(child -> !nameOf(child).startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    private static String nameOf(Path path) {
        return String.valueOf(path.getFileName());
    }
}
