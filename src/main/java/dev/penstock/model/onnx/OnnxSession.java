package dev.penstock.model.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.RunOptions;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.Session;
import dev.penstock.model.Slot;
import dev.penstock.model.config.ExecutionProvider;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.config.PaddingPlanner;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.protocol.Signature;
import java.util.Map;
import java.util.Set;

/** A session of ONNX Runtime. Thread-safe; slots are not. */
public final class OnnxSession implements Session {
    private final SessionOpener.OpenedSession opened;
    private final OnnxGraph graph;
    private final PaddingPlanner planner;
    private final int concurrentRuns;

    private volatile RunOptions runOptions;
    private volatile OutputShapes outputShapes = OutputShapes.UNKNOWN;

    /** How the output shapes of past runs compare with the declared ones. */
    private enum OutputShapes {
        UNKNOWN,
        AS_DECLARED,
        DIFFERENT
    }

    public OnnxSession(SessionOpener.OpenedSession opened, OnnxGraph graph, ModelConfig config) {
        this.opened = opened;
        this.runOptions = opened.runOptions();
        this.graph = graph;
        this.planner = new PaddingPlanner(graph, config);
        this.concurrentRuns = config.executionProviders().stream()
                .filter(provider -> provider.name().equals(opened.executionProvider()))
                .map(provider -> provider instanceof ExecutionProvider.Cpu cpu ? cpu.concurrentRuns() : 1)
                .findFirst()
                .orElse(ExecutionProvider.Cpu.DEFAULT.concurrentRuns());
    }

    @Override
    public Signature signature() {
        return graph.signature();
    }

    @Override
    public String executionProvider() {
        return opened.executionProvider();
    }

    @Override
    public int concurrentRuns() {
        return concurrentRuns;
    }

    @Override
    public Slot openSlot() {
        return new OnnxSlot(this, graph, planner);
    }

    OrtSession.Result run(Map<String, OnnxTensor> inputs, Set<String> requested, Map<String, OnnxTensor> pinned)
            throws OrtException {
        return opened.session().run(inputs, requested, pinned, runOptions);
    }

    /** Gives memory that past runs took, and that the model does not need now, back to the machine. Needs a run on the CPU. */
    public void giveMemoryBack(Runnable smallRun) throws ModelRefusedException {
        try (RunOptions shrinking = SessionOpener.quietRuns()) {
            shrinking.addRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
            runOptions = shrinking;
            smallRun.run();
        } catch (OrtException e) {
            throw new ModelRefusedException("ONNX Runtime cannot free memory: " + e.getMessage(), e);
        } finally {
            runOptions = opened.runOptions();
        }
    }

    /**
     * Whether outputs may be pinned. They may after a run has returned the declared shapes. A pinned output of another shape fails on the
     * CPU. CUDA silently copies it if it has the same number of elements.
     */
    public boolean mayPinOutputs() {
        return outputShapes == OutputShapes.AS_DECLARED;
    }

    /** Records whether a run returned the declared shapes. After one mismatch, the session never pins again. */
    synchronized void recordOutputShapes(boolean asDeclared) {
        if (outputShapes != OutputShapes.DIFFERENT) {
            outputShapes = asDeclared ? OutputShapes.AS_DECLARED : OutputShapes.DIFFERENT;
        }
    }

    @Override
    public void close() {
        opened.close();
    }
}
