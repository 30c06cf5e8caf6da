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
import dev.penstock.model.onnx.UnsignedInputs;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Makes sessions of definitions: loads, warms up, and measures what the session can do. */
public final class ModelLoader {
    private static final int MOST_MEASURED_RUNS = 5;
    private static final long MEASURING_NANOS = 2_000_000_000L;

    /** Loads one session; a model with several instances is loaded as often. */
    public LoadedModel load(ModelDefinition definition) throws ModelRefusedException {
        SessionOpener.Opened opened = SessionOpener.open(bytes(definition), definition.graph(), definition.config());
        Session session = new OnnxSession(opened, definition.graph(), definition.config());
        boolean isWarm = false;
        try {
            List<MeasuredRun> runs = new ArrayList<>();
            double rowsPerSecond = warmUp(session, definition, runs);
            isWarm = true;
            return new LoadedModel(definition, session, runs, rowsPerSecond, opened.notes());
        } finally {
            if (!isWarm) {
                session.close();
            }
        }
    }

    public static ByteBuffer bytes(ModelDefinition definition) throws ModelRefusedException {
        try {
            OnnxFile file = OnnxFile.map(definition.file(), OnnxFile.MOST_BYTES);
            if (!file.sha256().equals(definition.sha256())) {
                throw new ModelRefusedException("model.onnx has changed since it was checked");
            }
            return UnsignedInputs.areIn(definition.graph().signature())
                    ? UnsignedInputs.castIn(file.parse(), definition.graph().signature())
                    : file.bytes();
        } catch (IOException e) {
            throw new ModelRefusedException("model.onnx cannot be read: " + e, e);
        }
    }

    /** Answers rows per second: of full batches at the largest sizes, the median run. */
    private static double warmUp(Session session, ModelDefinition definition, List<MeasuredRun> measured)
            throws ModelRefusedException {
        OnnxGraph graph = definition.graph();
        ModelConfig config = definition.config();
        try (Slot slot = session.openSlot()) {
            for (WarmUp.Run run : config.warmUp().runs(graph, config)) {
                run(slot, graph, run); // the first of a shape may take long, and tells nothing of the next
                measured.add(new MeasuredRun(run.rows(), WarmUp.inputShapes(graph, run), run(slot, graph, run)));
            }
            WarmUp.Run full = config.warmUp().fullBatch(graph, config);
            run(slot, graph, full);
            List<Long> nanos = new ArrayList<>();
            long start = System.nanoTime();
            do {
                nanos.add(run(slot, graph, full));
            } while (nanos.size() < MOST_MEASURED_RUNS && System.nanoTime() - start < MEASURING_NANOS);
            nanos.sort(null);
            return full.rows() * 1e9 / Math.max(1, nanos.get(nanos.size() / 2));
        }
    }

    /** Runs as many requests of one row of zeros. Answers how long it took, in nanoseconds. */
    private static long run(Slot slot, OnnxGraph graph, WarmUp.Run run) throws ModelRefusedException {
        List<Tensor> row = new ArrayList<>();
        List<Shape> shapes = WarmUp.inputShapes(graph, run);
        try {
            for (int i = 0; i < shapes.size(); i++) {
                row.add(zeros(graph.signature().inputs().get(i), shapes.get(i).withRows(1)));
            }
            long start = System.nanoTime();
            slot.assemble(Collections.nCopies(run.rows(), row));
            slot.run();
            return System.nanoTime() - start;
        } catch (InferenceException | ArithmeticException e) {
            String advice = run.sizes().isEmpty() ? "" : ". Name sizes that the model takes under warm_up.sizes";
            throw new ModelRefusedException("the warm-up with " + run + " failed: " + e.getMessage() + advice, e);
        }
    }

    /** For BYTES, empty strings: their lengths are zeros too. */
    private static Tensor zeros(TensorSpec input, Shape shape) {
        int elementBytes = input.datatype() == Datatype.BYTES
                ? Integer.BYTES
                : input.datatype().byteSize();
        int bytes = Math.toIntExact(Math.multiplyExact(shape.elements(), elementBytes));
        return new Tensor(input.name(), input.datatype(), shape, ByteBuffer.allocate(bytes));
    }
}
