package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import ai.onnxruntime.OrtException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InferenceRequest.RequestedOutput;
import dev.penstock.protocol.Payload;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.codec.NoJsonFormException;
import dev.penstock.protocol.codec.RequestWriter;
import java.io.IOException;
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
 * format, which is cheap to check, unless they are asked for in JSON.
 */
final class WorkloadCorpus implements Corpus {
    private static final int DIFFERENT_REQUESTS = 32;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ID_OFFSET = "{\"id\":\"".length();

    private final List<byte[]> bodies = new ArrayList<>();
    private final List<float[]> answers = new ArrayList<>();
    private final double tolerance;
    private final boolean binary;
    private final boolean binaryOutput;
    private int jsonLength;

    WorkloadCorpus(Workload workload, boolean binary) throws OrtException {
        this(workload, Processor.CPU, binary);
    }

    WorkloadCorpus(Workload workload, Processor processor, boolean binary) throws OrtException {
        this(workload, processor, binary, true);
    }

    /** Inputs and outputs in JSON, as every door takes and gives them. */
    static WorkloadCorpus inJson(Workload workload) throws OrtException {
        return new WorkloadCorpus(workload, Processor.CPU, false, false);
    }

    private WorkloadCorpus(Workload workload, Processor processor, boolean binary, boolean binaryOutput)
            throws OrtException {
        Random random = new Random(2);
        this.tolerance = processor.tolerance(workload);
        this.binary = binary;
        this.binaryOutput = binaryOutput;
        try (RawSession session = new RawSession(workload, 1)) {
            for (int i = 0; i < DIFFERENT_REQUESTS; i++) {
                List<Tensor> row = workload.inputs().draw(random);
                Payload payload = body(row, workload.output(), binary, binaryOutput);
                byte[] bytes = new byte[payload.bytes().remaining()];
                payload.bytes().duplicate().get(bytes);
                jsonLength = payload.jsonLength().orElse(bytes.length);
                bodies.add(bytes);
                answers.add(session.answer(row));
            }
        }
    }

    private static Payload body(List<Tensor> row, String output, boolean binary, boolean binaryOutput) {
        InferenceRequest request = new InferenceRequest(
                Optional.of(id(0)),
                Map.of(),
                row,
                List.of(new RequestedOutput(output, Optional.of(binaryOutput))),
                false);
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
        return binaryOutput ? isBinary(i, response, answer) : isJson(i, response, answer);
    }

    private boolean isBinary(int i, byte[] response, float[] answer) {
        int json = response.length - answer.length * Float.BYTES;
        if (json <= 0 || !new String(response, 0, json, US_ASCII).contains("\"id\":\"" + id(i) + "\"")) {
            return false;
        }
        float[] elements = new float[answer.length];
        ByteBuffer.wrap(response)
                .order(ByteOrder.LITTLE_ENDIAN)
                .position(json)
                .asFloatBuffer()
                .get(elements);
        return isNear(answer, elements);
    }

    private boolean isJson(int i, byte[] response, float[] answer) {
        try {
            JsonNode document = JSON.readTree(response);
            JsonNode data = document.path("outputs").path(0).path("data");
            if (!document.path("id").asText().equals(id(i)) || data.size() != answer.length) {
                return false;
            }
            float[] elements = new float[answer.length];
            for (int element = 0; element < elements.length; element++) {
                elements[element] = data.get(element).floatValue();
            }
            return isNear(answer, elements);
        } catch (IOException notJson) {
            return false;
        }
    }

    private boolean isNear(float[] answer, float[] elements) {
        double distance = 0;
        double length = 0;
        for (int element = 0; element < answer.length; element++) {
            double difference = elements[element] - answer[element];
            distance += difference * difference;
            length += answer[element] * answer[element];
        }
        return distance <= tolerance * tolerance * length; // never holds for NaN
    }

    /** Returns an id of constant length, so that all JSON parts and headers have the same length. */
    private static String id(int i) {
        return String.format(Locale.ROOT, "%08d", i);
    }
}
