package dev.penstock.model.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.penstock.model.Session;
import dev.penstock.model.Slot;
import dev.penstock.model.config.ExecutionProvider;
import dev.penstock.model.config.Fitting;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.protocol.Signature;
import java.util.Map;
import java.util.Set;

/** A session of ONNX Runtime. */
public final class OnnxSession implements Session {
    private final SessionOpener.Opened opened;
    private final OnnxGraph graph;
    private final Fitting fitting;
    private final int concurrentRuns;

    private volatile Shapes shapes = Shapes.UNSEEN;

    /** What outputs the model was seen to give. */
    private enum Shapes {
        UNSEEN,
        AS_DECLARED,
        OTHERS
    }

    public OnnxSession(SessionOpener.Opened opened, OnnxGraph graph, ModelConfig config) {
        this.opened = opened;
        this.graph = graph;
        this.fitting = new Fitting(graph, config);
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
        return new OnnxSlot(this, graph, fitting);
    }

    OrtSession.Result run(Map<String, OnnxTensor> inputs, Set<String> requested, Map<String, OnnxTensor> pinned)
            throws OrtException {
        return opened.session().run(inputs, requested, pinned, opened.runOptions());
    }

    /**
     * Whether outputs may be pinned: not before a run has given what the model declares. A pinned output of another shape fails on the
     * CPU; CUDA copies it, when it has as many elements, and nobody would know.
     */
    public boolean isPinning() {
        return shapes == Shapes.AS_DECLARED;
    }

    /** A model that gave other shapes once is not believed again. */
    synchronized void sawShapes(boolean asDeclared) {
        if (shapes != Shapes.OTHERS) {
            shapes = asDeclared ? Shapes.AS_DECLARED : Shapes.OTHERS;
        }
    }

    @Override
    public void close() {
        opened.close();
    }
}
