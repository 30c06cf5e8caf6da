package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import ai.onnxruntime.OrtException;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceRequest.RequestedOutput;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.codec.NoJsonFormException;
import dev.penstock.protocol.codec.RequestWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * Single-row requests for a {@link Workload}, generated from a seed, with the raw session's results on the CPU. Outputs use the binary
 * format, which is cheap to check.
 */
final class WorkloadCorpus implements Corpus {
    private static final int DIFFERENT_REQUESTS = 32;
    private static final int ID_OFFSET = "{\"id\":\"".length();

    private final List<byte[]> bodies = new ArrayList<>();
    private final List<float[]> answers = new ArrayList<>();
    private final double tolerance;
    private final boolean binary;
    private int jsonLength;

    WorkloadCorpus(Workload workload, boolean binary) throws OrtException {
        this(workload, Processor.CPU, binary);
    }

    WorkloadCorpus(Workload workload, Processor processor, boolean binary) throws OrtException {
        Random random = new Random(2);
        this.tolerance = processor.tolerance(workload);
        this.binary = binary;
        try (RawSession session = new RawSession(workload, 1)) {
            for (int i = 0; i < DIFFERENT_REQUESTS; i++) {
                List<Tensor> row = workload.inputs().draw(random);
                Payload payload = body(row, workload.output(), binary);
                byte[] bytes = new byte[payload.bytes().remaining()];
                payload.bytes().duplicate().get(bytes);
                jsonLength = payload.jsonLength().orElse(bytes.length);
                bodies.add(bytes);
                answers.add(session.answer(row));
            }
        }
    }

    private static Payload body(List<Tensor> row, String output, boolean binary) {
        InferenceRequest request = new InferenceRequest(
                Optional.of(id(0)), Map.of(), row, List.of(new RequestedOutput(output, Optional.of(true))), false);
        try {
            return RequestWriter.write(request, name -> binary);
        } catch (NoJsonFormException e) {
            throw new IllegalStateException(e);
        }
    }

    boolean isBinary() {
        return binary;
    }

    /** The length of the JSON part at the start of each binary body, in bytes. */
    int jsonLength() {
        return jsonLength;
    }

    @Override
    public int size() {
        return bodies.size();
    }

    @Override
    public byte[] body(int i) {
        byte[] body = bodies.get(i % size()).clone();
        byte[] id = id(i).getBytes(US_ASCII);
        System.arraycopy(id, 0, body, ID_OFFSET, id.length);
        return body;
    }

    @Override
    public boolean check(int i, byte[] response) {
        float[] answer = answers.get(i % size());
        int json = response.length - answer.length * Float.BYTES;
        if (json <= 0 || !new String(response, 0, json, US_ASCII).contains("\"id\":\"" + id(i) + "\"")) {
            return false;
        }
        ByteBuffer elements =
                ByteBuffer.wrap(response).order(ByteOrder.LITTLE_ENDIAN).position(json);
        double distance = 0;
        double length = 0;
        for (float expected : answer) {
            double difference = elements.getFloat() - expected;
            distance += difference * difference;
            length += expected * expected;
        }
        return distance <= tolerance * tolerance * length; // never holds for NaN
    }

    /** Returns an id of constant length, so that all JSON parts and headers have the same length. */
    private static String id(int i) {
        return String.format(Locale.ROOT, "%08d", i);
    }
}
