package dev.penstock.model.remote;

import dev.penstock.model.InferenceException;
import dev.penstock.model.Slot;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceResponse;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.TensorSpec;
import dev.penstock.protocol.codec.NoJsonFormException;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestWriter;
import dev.penstock.protocol.codec.ResponseReader;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/** One batch, as one call in binary form. Used by one thread at a time. */
final class RemoteSlot implements Slot {
    private final CentreClient centre;
    private final Signature signature;
    private final String model;
    private final ResponseReader reader;
    private Optional<Batch> batch = Optional.empty();

    private record Batch(String id, Payload body, long rows) {}

    RemoteSlot(CentreClient centre, Signature signature, String model, int maxAnswerBytes) {
        this.centre = centre;
        this.signature = signature;
        this.model = model;
        this.reader = new ResponseReader(
                new ReaderLimits(maxAnswerBytes, Math.max(1, signature.outputs().size()), 1 << 27, 64, 1 << 20));
    }

    @Override
    public void assemble(List<List<Tensor>> requests) throws InferenceException {
        if (signature.mode().isOneByOne() && requests.size() != 1) {
            throw new IllegalArgumentException("a run must be one request, was " + requests.size());
        }
        batch = Optional.empty();
        long rows = 1;
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < signature.inputs().size(); i++) {
            int index = i;
            TensorSpec spec = signature.inputs().get(i);
            List<Tensor> pieces = requests.stream().map(each -> each.get(index)).toList();
            boolean isJoined = spec.hasRows() && pieces.size() > 1;
            Tensor input = isJoined ? Tensor.joined(spec.rowAxis().getAsInt(), pieces) : pieces.getFirst();
            rows = spec.hasRows() ? input.shape().dimension(spec.rowAxis().getAsInt()) : rows;
            inputs.add(input);
        }
        InferenceRequest request = new InferenceRequest(Optional.empty(), Map.of(), inputs, List.of(), true);
        try {
            Payload body = RequestWriter.write(request, name -> true);
            batch = Optional.of(new Batch(UUID.randomUUID().toString(), body, rows));
        } catch (NoJsonFormException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    public List<Tensor> run() throws InferenceException {
        return run(Long.MAX_VALUE, Map::of);
    }

    @Override
    public List<Tensor> run(long nanos, Supplier<Map<String, String>> traceHeaders) throws InferenceException {
        Batch assembled = batch.orElseThrow(() -> new IllegalStateException("a batch must be assembled first"));
        List<Tensor> outputs = new ArrayList<>();
        centre.infer(
                assembled.body,
                assembled.id,
                Duration.ofNanos(nanos),
                traceHeaders.get(),
                answer -> outputs.addAll(outputs(answer, assembled.rows)));
        return outputs;
    }

    /** What the centre says is not trusted: each output must be as the signature declares it. */
    private List<Tensor> outputs(Payload answer, long rows) throws InferenceException {
        InferenceResponse response = read(answer);
        if (!response.modelName().equals(model)) {
            throw CentreClient.unavailable("answered for model '" + response.modelName() + "', not '" + model + "'");
        }
        if (response.outputs().size() != signature.outputs().size()) {
            throw CentreClient.unavailable("answered with " + response.outputs().size() + " outputs, its model has "
                    + signature.outputs().size());
        }
        List<Tensor> ordered = new ArrayList<>();
        for (TensorSpec spec : signature.outputs()) {
            Tensor output = response.outputs().stream()
                    .filter(each -> each.name().equals(spec.name()))
                    .findFirst()
                    .orElseThrow(() -> CentreClient.unavailable("answered without output '" + spec.name() + "'"));
            boolean hasRows = spec.rowAxis().stream()
                    .allMatch(axis ->
                            output.shape().rank() > axis && output.shape().dimension(axis) == rows);
            if (output.datatype() != spec.datatype() || !spec.shape().admits(output.shape()) || !hasRows) {
                throw CentreClient.unavailable(
                        "answered output '" + spec.name() + "' as " + output.datatype() + " of shape "
                                + output.shape() + ", must be " + spec.datatype() + " of shape " + spec.shape()
                                + " with " + rows
                                + " rows");
            }
            ordered.add(output);
        }
        return ordered;
    }

    private InferenceResponse read(Payload answer) throws InferenceException {
        try {
            return reader.read(answer);
        } catch (IOException garbage) {
            throw CentreClient.unavailable("answered with " + garbage.getMessage());
        }
    }

    /** Nothing to close: the session has the connections. */
    @Override
    public void close() {}
}
