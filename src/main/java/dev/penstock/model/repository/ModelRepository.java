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
 * A folder of models: {@code <name>/<version>/model.onnx} and, optionally, {@code <name>/model.yaml}. One broken model never stops the
 * others.
 *
 * @param maxFileBytes the largest model.onnx that is read
 */
public record ModelRepository(Path folder, long maxFileBytes) {

    /** What a scan found. Models come by name, then version. */
    public record Contents(List<ModelDefinition> found, List<Refusal> refused) {
        public Contents {
            found = List.copyOf(found);
            refused = List.copyOf(refused);
        }
    }

    /** A model that is not served, and why, in plain words. The version is empty when the whole model is refused. */
    public record Refusal(String name, OptionalLong version, String reason) {}

    /** A model.yaml of a few hundred lines has less. */
    private static final long MOST_YAML_BYTES = 256 << 10;

    public ModelRepository {
        if (maxFileBytes < 1 || maxFileBytes > OnnxFile.MOST_BYTES) {
            throw new IllegalArgumentException(
                    "maxFileBytes must be in 1.." + OnnxFile.MOST_BYTES + ", was " + maxFileBytes);
        }
    }

    /** @throws IOException when the folder itself cannot be read */
    public Contents scan() throws IOException {
        List<ModelDefinition> found = new ArrayList<>();
        List<Refusal> refused = new ArrayList<>();
        for (Path model : folders(folder)) {
            String name = nameOf(model);
            try {
                scanModel(name, model, found, refused);
            } catch (ModelRefusedException e) {
                refused.add(new Refusal(name, OptionalLong.empty(), e.reason()));
            } catch (IOException e) {
                refused.add(new Refusal(name, OptionalLong.empty(), "cannot be read: " + e));
            }
        }
        return new Contents(found, refused);
    }

    private void scanModel(String name, Path model, List<ModelDefinition> found, List<Refusal> refused)
            throws ModelRefusedException, IOException {
        if (!ModelNames.NAME.matcher(name).matches()) {
            throw new ModelRefusedException("the name must match " + ModelNames.NAME);
        }
        if (Topics.RESERVED_MODELS.contains(name)) {
            throw new ModelRefusedException("the name must not be one of " + Topics.RESERVED_MODELS
                    + ": its topics would have the names of others");
        }
        ModelConfig config = ModelConfig.parse(yaml(model.resolve("model.yaml")));
        List<Long> versions = versions(name, model, refused);
        for (long version : versions) {
            Path file = model.resolve(Long.toString(version)).resolve("model.onnx");
            try {
                refuseElsewhere(file);
                OnnxFile onnx = OnnxFile.map(file, maxFileBytes);
                String sha256 = onnx.sha256();
                config.checksums().check(version, versions.size(), sha256);
                OnnxGraph graph = checked(onnx.parse(), config);
                found.add(new ModelDefinition(name, version, file, sha256, graph, config));
            } catch (ModelRefusedException e) {
                refused.add(new Refusal(name, OptionalLong.of(version), e.reason()));
            } catch (IOException e) {
                refused.add(new Refusal(name, OptionalLong.of(version), "cannot be read: " + e));
            }
        }
    }

    private String yaml(Path file) throws ModelRefusedException, IOException {
        if (!Files.exists(file)) {
            return "";
        }
        refuseElsewhere(file);
        if (Files.size(file) > MOST_YAML_BYTES) {
            throw new ModelRefusedException(
                    "model.yaml has " + Files.size(file) + " bytes; the limit is " + MOST_YAML_BYTES);
        }
        return Files.readString(file);
    }

    /** Links may point around within the repository, as Kubernetes' do; out of it they could name any file of the host. */
    private void refuseElsewhere(Path file) throws ModelRefusedException, IOException {
        if (Files.exists(file) && !file.toRealPath().startsWith(folder.toRealPath())) {
            throw new ModelRefusedException(file.getFileName() + " is a link that leads out of the model repository");
        }
    }

    /** The graph of a model that may be loaded, as far as that can be told without the runtime. */
    static OnnxGraph checked(ModelProto model, ModelConfig config) throws ModelRefusedException {
        OnnxSafety.check(model);
        OnnxGraph graph = OnnxGraph.read(model);
        config.shapeBuckets().check(graph);
        if (config.features().isPresent()) {
            config.features().get().check(graph.signature());
        }
        config.warmUp().runs(graph, config);
        return graph;
    }

    private static List<Long> versions(String name, Path model, List<Refusal> refused)
            throws ModelRefusedException, IOException {
        List<Path> folders = folders(model);
        if (folders.isEmpty()) {
            throw new ModelRefusedException("there is no version folder, such as " + name + "/1");
        }
        List<Long> versions = new ArrayList<>();
        for (Path version : folders) {
            if (ModelNames.isVersion(nameOf(version))) {
                versions.add(Long.parseLong(nameOf(version)));
            } else {
                refused.add(new Refusal(
                        name,
                        OptionalLong.empty(),
                        "the version folder '" + nameOf(version) + "' must be a positive integer"));
            }
        }
        versions.sort(Comparator.naturalOrder());
        return versions;
    }

    /** Sorted by name. Hidden ones are skipped: Kubernetes keeps its own beside mounted files. */
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
