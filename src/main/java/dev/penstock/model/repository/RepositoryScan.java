package dev.penstock.model.repository;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.penstock.messages.Topics;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.FilesSection;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.ModelNames;
import dev.penstock.model.config.RemoteSection;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.graph.OnnxSafety;
import dev.penstock.model.probe.RowCandidates;
import dev.penstock.model.repository.ModelRepository.Contents;
import dev.penstock.model.repository.ModelRepository.FetchedModel;
import dev.penstock.model.repository.ModelRepository.RefusedModel;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Signature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Stream;

/** One scan of a repository. Collects the models that pass all checks, and the refused ones with their reasons. */
final class RepositoryScan {
    /** Far above a model.yaml of a few hundred lines. */
    private static final long MAX_YAML_BYTES = 256 << 10;

    /** The edge's own number: what changes at the centre changes nothing here. */
    private static final long REMOTE_VERSION = 1;

    private static final Signature UNKNOWN =
            new Signature(List.of(), List.of(), List.of(), RunMode.oneByOne("its centre has not been asked yet"));

    private static final String ONNX = ".onnx";

    /** Files that a reason lists. */
    private static final int MAX_NAMED = 5;

    private final ModelRepository repository;
    private final List<ModelDefinition> found = new ArrayList<>();
    private final List<FetchedModel> fetched = new ArrayList<>();
    private final List<RefusedModel> refused = new ArrayList<>();

    /** Checks a model or a version. */
    private interface Check {
        void run() throws ModelRefusedException, IOException;
    }

    RepositoryScan(ModelRepository repository) {
        this.repository = repository;
    }

    /** @throws IOException if the folder itself cannot be read */
    Contents run() throws IOException {
        for (Path model : subfolders(repository.folder())) {
            String name = nameOf(model);
            findOrRefuse(name, Optional.empty(), () -> scanModel(name, model));
        }
        for (Path loose : onnxFiles(repository.folder())) {
            String file = nameOf(loose);
            String name = file.substring(0, file.length() - ONNX.length());
            refused.add(new RefusedModel(
                    name,
                    Optional.empty(),
                    file + " lies loose in the folder of all models; move it to " + name + "/1/" + ModelFiles.MODEL));
        }
        return new Contents(found, fetched, refused);
    }

    Contents run(String model) {
        findOrRefuse(
                model,
                Optional.empty(),
                () -> scanModel(model, repository.folder().resolve(model)));
        return new Contents(found, fetched, refused);
    }

    private void findOrRefuse(String name, Optional<String> version, Check check) {
        try {
            check.run();
        } catch (ModelRefusedException e) {
            refused.add(new RefusedModel(name, version, e.reason()));
        } catch (IOException e) {
            refused.add(new RefusedModel(name, version, "cannot be read: " + e));
        }
    }

    private void scanModel(String name, Path model) throws ModelRefusedException, IOException {
        checkName(name);
        if (Files.exists(model.resolve("model.yml"))) {
            throw new ModelRefusedException("model.yml is not read; rename it to model.yaml, or delete it");
        }
        ModelConfig config = ModelConfig.parse(yaml(model.resolve("model.yaml")));
        if (config.remote().isPresent()) {
            RemoteSection remote = config.remote().get();
            refuseOutside("remote.api_key_file", remote.apiKeyFile(), model);
            refuseOutside("remote.files.api_key_file", remote.files().flatMap(FilesSection::apiKeyFile), model);
            if (remote.files().isPresent()) {
                fetched.add(new FetchedModel(name, model, config));
            }
            boolean hasFiles = !subfolders(model).isEmpty();
            boolean isNowhere = remote.use() == RemoteSection.Use.NEVER
                    && !hasFiles
                    && remote.files().isEmpty();
            if (remote.use() == RemoteSection.Use.CENTRE || isNowhere) {
                scanRemote(name, model, config, remote);
                return;
            }
        }
        for (String file : config.labels().values()) {
            refuseLinkOutside(model.resolve(file));
        }
        Map<String, List<String>> labels = LabelFiles.read(model, config.labels());
        List<Long> versions = versions(
                name, model, config.remote().flatMap(RemoteSection::files).isPresent());
        for (long version : versions) {
            Path file = model.resolve(Long.toString(version)).resolve(ModelFiles.MODEL);
            findOrRefuse(name, Optional.of(Long.toString(version)), () -> {
                refuseMissing(file);
                refuseLinkOutside(file);
                ModelFiles files = ModelFiles.read(file, repository.maxFileBytes());
                SortedMap<String, String> hashes = files.hashes();
                config.checksums().check(version, versions.size(), hashes);
                OnnxGraph graph = LabelFiles.labelled(checkedGraph(files.model(), config), labels);
                found.add(new ModelDefinition(name, version, file, ModelFiles.fingerprint(hashes), graph, config)
                        .withGraph(graph));
            });
        }
    }

    /** What it takes and returns, its centre tells when it is loaded. */
    private void scanRemote(String name, Path model, ModelConfig config, RemoteSection remote)
            throws ModelRefusedException, IOException {
        if (remote.use() == RemoteSection.Use.NEVER && remote.fallback().isEmpty()) {
            throw new ModelRefusedException(
                    "with remote.use: never the model must have version folders, or a fallback that runs it");
        }
        if (!subfolders(model).isEmpty()) {
            throw new ModelRefusedException(
                    "a model that a centre runs must have no version folders; remove them, or remote from model.yaml, or"
                            + " set remote.use: overflow");
        }
        found.add(new ModelDefinition(
                name, REMOTE_VERSION, model.resolve("model.yaml"), "", OnnxGraph.of(UNKNOWN), config));
    }

    /** Names what is there instead. */
    private static void refuseMissing(Path file) throws ModelRefusedException, IOException {
        Path folder = Objects.requireNonNull(file.getParent());
        if (Files.exists(file)) {
            return;
        }
        if (Files.isSymbolicLink(file)) {
            throw new ModelRefusedException(ModelFiles.MODEL + " links to " + Files.readSymbolicLink(file)
                    + ", which is missing; put the file itself there");
        }
        List<Path> models = onnxFiles(folder);
        if (models.size() == 1) {
            throw new ModelRefusedException(
                    ModelFiles.MODEL + " is missing; rename " + nameOf(models.getFirst()) + " to it");
        }
        try (Stream<Path> children = Files.list(folder)) {
            List<String> others = children.map(RepositoryScan::nameOf)
                    .sorted()
                    .limit(MAX_NAMED)
                    .toList();
            throw new ModelRefusedException(ModelFiles.MODEL + " is missing"
                    + (others.isEmpty()
                            ? ""
                            : "; the folder has " + others + ", and Penstock serves ONNX files of that name"));
        }
    }

    private static void checkName(String name) throws ModelRefusedException {
        if (!ModelNames.NAME.matcher(name).matches()) {
            throw new ModelRefusedException("the name must match " + ModelNames.NAME + ", was '" + name + "'");
        }
        if (Topics.RESERVED_MODELS.contains(name)) {
            throw new ModelRefusedException("the name must not be one of " + Topics.RESERVED_MODELS
                    + ", because its topics would collide with others; rename the model");
        }
    }

    private String yaml(Path file) throws ModelRefusedException, IOException {
        if (!Files.exists(file)) {
            return "";
        }
        refuseLinkOutside(file);
        if (Files.size(file) > MAX_YAML_BYTES) {
            throw new ModelRefusedException(
                    "model.yaml must have at most " + MAX_YAML_BYTES + " bytes, has " + Files.size(file));
        }
        return Files.readString(file);
    }

    /** Links within the repository are allowed; Kubernetes mounts use them. A link out of it could name any file of the host. */
    private void refuseLinkOutside(Path file) throws ModelRefusedException, IOException {
        if (Files.exists(file)
                && !file.toRealPath().startsWith(repository.folder().toRealPath())) {
            throw new ModelRefusedException(
                    file.getFileName() + " must not link to a file outside the model repository");
        }
    }

    /** What the file has is sent to the centre, so that it must not be any file of the host. */
    private void refuseOutside(String key, Optional<Path> keyFile, Path model)
            throws ModelRefusedException, IOException {
        if (keyFile.isEmpty()) {
            return;
        }
        Path file = model.resolve(keyFile.get()).normalize();
        if (keyFile.get().isAbsolute() || !file.startsWith(repository.folder().normalize())) {
            throw new ModelRefusedException(
                    key + " must be a path from the model's folder to a file in the model repository, was "
                            + keyFile.get());
        }
        refuseLinkOutside(file);
    }

    /** Checks a model without ONNX Runtime and returns its graph. */
    static OnnxGraph checkedGraph(ModelProto model, ModelConfig config) throws ModelRefusedException {
        OnnxSafety.check(model);
        OnnxGraph graph = RowCandidates.find(OnnxGraph.read(model), config);
        config.shapeBuckets().check(graph);
        if (config.features().isPresent()) {
            config.features().get().check(graph.signature());
        }
        config.warmUp().runs(graph, config);
        return graph;
    }

    /** The versions in ascending order. Refuses folders that are not named like a version. */
    private List<Long> versions(String name, Path model, boolean mayBeEmpty) throws ModelRefusedException, IOException {
        List<Path> folders = subfolders(model);
        if (folders.isEmpty() && !mayBeEmpty) {
            List<Path> loose = onnxFiles(model);
            throw new ModelRefusedException("the model must have a version folder such as " + name + "/1"
                    + (loose.isEmpty()
                            ? ""
                            : "; move " + nameOf(loose.getFirst()) + " to " + name + "/1/" + ModelFiles.MODEL));
        }
        List<Long> versions = new ArrayList<>();
        for (Path folder : folders) {
            String version = nameOf(folder);
            if (ModelNames.isVersion(version)) {
                versions.add(Long.parseLong(version));
            } else {
                refused.add(new RefusedModel(
                        name,
                        Optional.of(version),
                        "the name of a version folder must be a positive integer, was '" + version + "'"));
            }
        }
        versions.sort(Comparator.naturalOrder());
        return versions;
    }

    /** The subfolders, sorted by name. Hidden folders are skipped: Kubernetes keeps its own next to mounted files. */
    private static List<Path> subfolders(Path parent) throws IOException {
        try (Stream<Path> children = Files.list(parent)) {
            return children.filter(Files::isDirectory)
                    .filter(child -> !nameOf(child).startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    /** The files whose names end like a model's, sorted. */
    private static List<Path> onnxFiles(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(Files::isRegularFile)
                    .filter(child -> nameOf(child).toLowerCase(Locale.ROOT).endsWith(ONNX))
                    .filter(child -> !nameOf(child).startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    private static String nameOf(Path path) {
        return String.valueOf(path.getFileName());
    }
}
