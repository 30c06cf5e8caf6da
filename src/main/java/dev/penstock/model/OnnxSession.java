package dev.penstock.model;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.penstock.protocol.Signature;
import java.util.Map;
import java.util.Set;

/** A session of ONNX Runtime. */
final class OnnxSession implements Session {
    private final SessionOpener.Opened opened;
    private final OnnxGraph graph;
    private final Fitting fitting;
    private final int concurrentRuns;

    /** Off for good once the model was found to give other shapes than it declares. */
    private volatile boolean pinning = true;

    OnnxSession(SessionOpener.Opened opened, OnnxGraph graph, ModelConfig config) {
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

    boolean isPinning() {
        return pinning;
    }

    void stopPinning() {
        pinning = false;
    }

    @Override
    public void close() {
        opened.close();
    }
}
