package dev.penstock.model.repository;

import dev.penstock.model.ModelAwayException;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.Session;
import dev.penstock.model.Slot;
import dev.penstock.model.config.RemoteSection;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.graph.ZipMapRewrite;
import dev.penstock.model.onnx.OnnxSession;
import dev.penstock.model.onnx.SessionOpener;
import dev.penstock.model.onnx.UnsignedInputRewrite;
import dev.penstock.model.probe.RowProbe;
import dev.penstock.model.remote.RemoteModels;
import dev.penstock.model.remote.VersionFetch;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Signature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.function.BooleanSupplier;

/** Loads models: opens a session, warms it up and measures its throughput. */
public final class ModelLoader {
    private static final String CPU = "cpu";

    /**
     * Loads one session, and decides how the model is run unless that is known. A model with several instances is loaded once per
     * instance; the definition of the first loaded one says how all are run.
     *
     * @throws ModelRefusedException if the file has changed, the session cannot be opened, or a warm-up with given values fails
     */
    public LoadedModel load(ModelDefinition definition) throws ModelRefusedException {
        long before = ResidentMemory.bytes();
        SessionOpener.OpenedSession opened =
                SessionOpener.open(bytes(definition), definition.graph(), definition.config());
        boolean isWarm = false;
        try {
            ModelDefinition probed = decided(definition, opened);
            WarmUpRuns.Measured measured = warmUp(new OnnxSession(opened, probed.graph(), probed.config()), probed);
            ModelDefinition decided = probed.withGraph(probed.graph().asRun(measured.outputs()));
            List<String> remarks = unreadFiles(decided);
            remarks.addAll(measured.notes());
            List<String> notes = new ArrayList<>(opened.notes());
            notes.addAll(remarks);
            isWarm = true;
            return new LoadedModel(
                    decided,
                    new OnnxSession(opened, decided.graph(), decided.config()),
                    measured.runs(),
                    measured.rowsPerSecond(),
                    Math.max(0, ResidentMemory.bytes() - before),
                    notes,
                    remarks);
        } finally {
            if (!isWarm) {
                opened.close();
            }
        }
    }

    /**
     * Opens a session of a model that a centre runs. Makes no runs: the centre has other work than our warm-up, and its speed is learned
     * from the first calls.
     *
     * @throws ModelRefusedException if the centre has such a model, and it cannot be served
     * @throws ModelAwayException if the centre cannot be asked for it now
     */
    public LoadedModel connect(ModelDefinition definition) throws ModelRefusedException, ModelAwayException {
        RemoteSection remote = definition.config().remote().orElseThrow();
        Path folder = Objects.requireNonNull(definition.file().getParent());
        RemoteModels.Opened opened =
                RemoteModels.open(definition.name(), definition.config(), remote, folder, System::nanoTime);
        boolean isLoaded = false;
        try {
            if (definition.config().features().isPresent()) {
                definition.config().features().get().check(opened.session().signature());
            }
            List<String> notes = opened.note().stream().toList();
            isLoaded = true;
            return new LoadedModel(
                    definition.withGraph(OnnxGraph.of(opened.session().signature())),
                    opened.session(),
                    List.of(),
                    0,
                    0,
                    notes,
                    notes);
        } finally {
            if (!isLoaded) {
                opened.session().close();
            }
        }
    }

    /**
     * Fetches the versions that are missing of a model.
     *
     * @param limitBytes the most bytes of the files of one version
     * @param isEnding whether the process ends: what is being fetched is left for another time
     * @return the versions that cannot be fetched even by another try, each with the reason
     * @throws ModelAwayException when another try may fetch what is still missing
     */
    public static SortedMap<Long, String> fetch(
            ModelRepository.FetchedModel model, long limitBytes, BooleanSupplier isEnding) throws ModelAwayException {
        RemoteSection remote = model.config().remote().orElseThrow().in(model.folder());
        return new VersionFetch(
                        remote, model.config().checksums(), model.folder(), limitBytes, System::nanoTime, isEnding)
                .run();
    }

    /** A session at the centre for what is too much for the local sessions. */
    public static Session overflow(ModelDefinition definition, RemoteSection remote) {
        Path version = Objects.requireNonNull(definition.file().getParent());
        return RemoteModels.overflow(
                definition.graph().signature(),
                Long.toString(definition.version()),
                remote,
                Objects.requireNonNull(version.getParent()),
                System::nanoTime);
    }

    private static ModelDefinition decided(ModelDefinition definition, SessionOpener.OpenedSession opened) {
        OnnxGraph candidate = definition.graph();
        if (candidate.signature().mode().kind() != RunMode.Kind.UNPROVEN) {
            return definition;
        }
        OnnxSession whole = new OnnxSession(
                opened, candidate.oneByOne("a probe"), definition.config().oneByOne());
        try (Slot slot = whole.openSlot()) {
            return definition.withGraph(new RowProbe(slot, candidate, definition.config(), System::nanoTime).decide());
        }
    }

    /** The runs leave the memory behind that the largest of them took; a last small run gives it back to the machine. */
    private static WarmUpRuns.Measured warmUp(OnnxSession session, ModelDefinition definition)
            throws ModelRefusedException {
        boolean isCpu = session.executionProvider().equals(CPU);
        try (Slot slot = session.openSlot()) {
            WarmUpRuns runs = new WarmUpRuns(
                    slot, definition.graph(), definition.config(), isCpu, System::nanoTime, ResidentMemory::bytes);
            WarmUpRuns.Measured measured = runs.run();
            if (isCpu) {
                session.giveMemoryBack(runs::runSmallest);
            }
            return measured;
        }
    }

    private static List<String> unreadFiles(ModelDefinition definition) {
        Path version = Objects.requireNonNull(definition.file().getParent());
        Path model = Objects.requireNonNull(version.getParent());
        List<String> notes = new ArrayList<>();
        if (Files.exists(model.resolve("config.pbtxt"))) {
            notes.add("config.pbtxt is Triton's and is not read; put its settings into model.yaml");
        }
        if (Files.exists(version.resolve("model.yaml"))) {
            notes.add(version.getFileName() + "/model.yaml is not read; move it up, beside the version folders");
        }
        if (Files.exists(model.resolve(ModelFiles.MODEL))) {
            notes.add(ModelFiles.MODEL
                    + " beside the version folders is not served; give it a version folder of its own");
        }
        return notes;
    }

    /** The bytes of the model as ONNX Runtime can load them, in a direct buffer. */
    public static ByteBuffer bytes(ModelDefinition definition) throws ModelRefusedException {
        try {
            ModelFiles files = ModelFiles.read(definition.file(), OnnxFile.MAX_BYTES);
            if (!ModelFiles.fingerprint(files.hashes()).equals(definition.sha256())) {
                throw new ModelRefusedException("model.onnx changed after it was checked; restart to check it again");
            }
            Signature signature = definition.graph().signature();
            if (ZipMapRewrite.isNeeded(files.model()) || UnsignedInputRewrite.isNeeded(signature)) {
                return UnsignedInputRewrite.rewrite(ZipMapRewrite.rewrite(files.model()), signature);
            }
            return files.data().isEmpty() ? files.onnx().bytes() : OnnxFile.serialize(files.model());
        } catch (IOException e) {
            throw new ModelRefusedException("model.onnx cannot be read: " + e, e);
        }
    }
}
