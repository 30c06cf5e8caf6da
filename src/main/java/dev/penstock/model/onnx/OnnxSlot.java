package dev.penstock.model.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.penstock.model.InferenceException;
import dev.penstock.model.Slot;
import dev.penstock.model.config.PaddingPlanner;
import dev.penstock.model.graph.OnnxGraph;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The buffers of one batch. Used by one thread at a time. Native tensors exist only during a run and are closed on every path.
 *
 * <p>Outputs whose shape follows from the input shapes are pinned, which saves a copy. Pinning starts after a run has returned the
 * declared shapes. If a later run returns another shape, it is repeated without pinning, and the session never pins again.
 */
final class OnnxSlot implements Slot {
    /** The messages of the session, the executor and CUDA's copy for a pinned output of the wrong shape or size. */
    private static final Pattern WRONG_PIN = Pattern.compile("Got invalid dimensions for output|"
            + "The output OrtValue provided for output|Tensor size mismatch\\. src:");

    private final OnnxSession session;
    private final PaddingPlanner planner;
    private final List<BatchInput> inputs = new ArrayList<>();
    private final List<BatchOutput> outputs = new ArrayList<>();
    private Map<String, Long> sizes = Map.of();
    private final boolean isOneByOne;
    private long rows;
    private boolean isAssembled;

    OnnxSlot(OnnxSession session, OnnxGraph graph, PaddingPlanner planner) {
        this.session = session;
        this.planner = planner;
        this.isOneByOne = graph.signature().mode().isOneByOne();
        List<TensorSpec> inputSpecs = graph.signature().inputs();
        for (int i = 0; i < inputSpecs.size(); i++) {
            inputs.add(new BatchInput(i, inputSpecs.get(i), graph.inputShapes().get(i), planner.padding(i)));
        }
        List<TensorSpec> outputSpecs = graph.signature().outputs();
        for (int i = 0; i < outputSpecs.size(); i++) {
            TensorSpec spec = outputSpecs.get(i);
            boolean isComputed = !graph.traits().passedOn().contains(spec.name());
            outputs.add(new BatchOutput(spec, graph.outputShapes().get(i), isComputed));
        }
    }

    @Override
    public void assemble(List<List<Tensor>> requests) throws InferenceException {
        if (isOneByOne && requests.size() != 1) {
            throw new IllegalArgumentException("a run must be one request, was " + requests.size());
        }
        isAssembled = false;
        sizes = planner.batchSizes(requests);
        OptionalLong counted = OptionalLong.empty();
        for (BatchInput input : inputs) {
            input.gather(requests, sizes);
            OptionalLong found = input.rows();
            if (found.isPresent() && counted.isPresent() && !found.equals(counted)) {
                throw new IllegalArgumentException("all inputs must have the same number of rows");
            }
            counted = found.isPresent() ? found : counted;
        }
        rows = counted.orElse(1);
        isAssembled = true;
    }

    @Override
    public List<Tensor> run() throws InferenceException {
        if (!isAssembled) {
            throw new IllegalStateException("a batch must be assembled first");
        }
        try {
            try {
                return run(session.mayPinOutputs());
            } catch (OrtException e) {
                if (!WRONG_PIN.matcher(String.valueOf(e.getMessage())).find()) {
                    throw e;
                }
                session.recordOutputShapes(false);
                return run(false);
            }
        } catch (OrtException e) {
            throw OrtFailures.classify(e);
        }
    }

    private List<Tensor> run(boolean pinning) throws OrtException, InferenceException {
        List<OnnxTensor> open = new ArrayList<>();
        try {
            Map<String, OnnxTensor> feeds = new HashMap<>();
            for (BatchInput input : inputs) {
                OnnxTensor tensor = input.open();
                open.add(tensor);
                feeds.put(input.feedName(), tensor);
            }
            Map<String, Tensor> reserved = new LinkedHashMap<>();
            Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
            Set<String> requested = new LinkedHashSet<>();
            for (BatchOutput output : outputs) {
                Optional<Shape> shape = pinning ? output.pinnableShape(rows, sizes) : Optional.empty();
                if (shape.isPresent()) {
                    Tensor target = output.reserve(shape.get());
                    OnnxTensor tensor = output.pin(target);
                    open.add(tensor);
                    reserved.put(output.name(), target);
                    pinned.put(output.name(), tensor);
                } else {
                    requested.add(output.name());
                }
            }
            try (OrtSession.Result result = session.run(feeds, requested, pinned)) {
                return collect(reserved, result);
            }
        } finally {
            open.forEach(OnnxTensor::close);
        }
    }

    private List<Tensor> collect(Map<String, Tensor> reserved, OrtSession.Result result)
            throws OrtException, InferenceException {
        List<Tensor> tensors = new ArrayList<>();
        boolean asDeclared = true;
        for (BatchOutput output : outputs) {
            Tensor pinned = reserved.get(output.name());
            Tensor tensor = pinned != null
                    ? pinned
                    : output.copy((OnnxTensor) result.get(output.name()).orElseThrow());
            if (!output.hasRows(tensor.shape(), rows)) {
                throw new InferenceException(
                        InferenceException.Kind.FAILED,
                        "output '" + output.name() + "' must have " + rows
                                + " rows, one for each of the input, was of shape " + tensor.shape()
                                + "; max_batch_size: 0 in model.yaml runs each request by itself");
            }
            if (pinned == null) {
                asDeclared &=
                        output.pinnableShape(rows, sizes).orElse(tensor.shape()).equals(tensor.shape());
            }
            tensors.add(tensor);
        }
        session.recordOutputShapes(asDeclared);
        return tensors;
    }

    /** Nothing to close: native tensors are closed after each run, and the garbage collector frees the buffers. */
    @Override
    public void close() {}
}
