package dev.penstock.model.repository;

import dev.penstock.model.InferenceException;
import dev.penstock.model.MeasuredRun;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.Session;
import dev.penstock.model.Slot;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.WarmUp;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.model.onnx.OnnxSession;
import dev.penstock.model.onnx.SessionOpener;
import dev.penstock.model.onnx.UnsignedInputRewrite;
import dev.penstock.model.probe.RowProbe;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Loads models: opens a session, warms it up and measures its throughput. */
public final class ModelLoader {
    private static final int MAX_MEASURED_RUNS = 5;
    private static final long MEASURING_NANOS = 2_000_000_000L;

    /**
     * Loads one session, and decides how the model is run unless that is known. A model with several instances is loaded once per
     * instance; the definition of the first loaded one says how all are run.
     *
     * @throws ModelRefusedException if the file has changed, the session cannot be opened, or a warm-up run fails
     */
    public LoadedModel load(ModelDefinition definition) throws ModelRefusedException {
        SessionOpener.OpenedSession opened =
                SessionOpener.open(bytes(definition), definition.graph(), definition.config());
        boolean isWarm = false;
        try {
            ModelDefinition decided = decided(definition, opened);
            Session session = new OnnxSession(opened, decided.graph(), decided.config());
            List<MeasuredRun> runs = new ArrayList<>();
            double rowsPerSecond = warmUp(session, decided, runs);
            isWarm = true;
            return new LoadedModel(decided, session, runs, rowsPerSecond, opened.notes());
        } finally {
            if (!isWarm) {
                opened.close();
            }
        }
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

    /** The bytes of the model as ONNX Runtime can load them, in a direct buffer. */
    public static ByteBuffer bytes(ModelDefinition definition) throws ModelRefusedException {
        try {
            OnnxFile file = OnnxFile.map(definition.file(), OnnxFile.MAX_BYTES);
            if (!file.sha256().equals(definition.sha256())) {
                throw new ModelRefusedException("model.onnx changed after it was checked; restart to check it again");
            }
            return UnsignedInputRewrite.isNeeded(definition.graph().signature())
                    ? UnsignedInputRewrite.rewrite(
                            file.parse(), definition.graph().signature())
                    : file.bytes();
        } catch (IOException e) {
            throw new ModelRefusedException("model.onnx cannot be read: " + e, e);
        }
    }

    /** Runs every warm-up shape. Returns the rows per second of the median run of full batches with the largest sizes. */
    private static double warmUp(Session session, ModelDefinition definition, List<MeasuredRun> measured)
            throws ModelRefusedException {
        OnnxGraph graph = definition.graph();
        ModelConfig config = definition.config();
        try (Slot slot = session.openSlot()) {
            for (WarmUp.Run run : config.warmUp().runs(graph, config)) {
                run(slot, graph, run); // the first run of a shape may be slow and is not measured
                measured.add(new MeasuredRun(run.rows(), WarmUp.inputShapes(graph, run), run(slot, graph, run)));
            }
            WarmUp.Run full = config.warmUp().fullBatch(graph, config);
            run(slot, graph, full);
            List<Long> nanos = new ArrayList<>();
            long start = System.nanoTime();
            do {
                nanos.add(run(slot, graph, full));
            } while (nanos.size() < MAX_MEASURED_RUNS && System.nanoTime() - start < MEASURING_NANOS);
            nanos.sort(null);
            return full.rows() * 1e9 / Math.max(1, nanos.get(nanos.size() / 2));
        }
    }

    /** Runs a batch of one-row requests filled with zeros. Returns the duration in nanoseconds. */
    private static long run(Slot slot, OnnxGraph graph, WarmUp.Run run) throws ModelRefusedException {
        List<Tensor> row = new ArrayList<>();
        List<Shape> shapes = WarmUp.inputShapes(graph, new WarmUp.Run(1, run.sizes()));
        try {
            for (int i = 0; i < shapes.size(); i++) {
                row.add(zeros(graph.signature().inputs().get(i), shapes.get(i)));
            }
            long start = System.nanoTime();
            slot.assemble(Collections.nCopies(run.rows(), row));
            slot.run();
            return System.nanoTime() - start;
        } catch (InferenceException | ArithmeticException e) {
            String advice = run.sizes().isEmpty() ? "" : "; set warm_up.sizes to sizes that the model accepts";
            throw new ModelRefusedException("the warm-up with " + run + " failed: " + e.getMessage() + advice, e);
        }
    }

    /** A tensor of zeros. For BYTES these are empty strings, because their lengths are zeros too. */
    private static Tensor zeros(TensorSpec input, Shape shape) {
        int elementBytes = input.datatype() == Datatype.BYTES
                ? Integer.BYTES
                : input.datatype().byteSize();
        int bytes = Math.toIntExact(Math.multiplyExact(shape.elements(), elementBytes));
        return new Tensor(input.name(), input.datatype(), shape, ByteBuffer.allocate(bytes));
    }
}
