package dev.penstock.messages;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.ScaleToZero;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Announces a model version that a worker serves. Workers repeat it every few seconds on {@link Topics#MODELS}.
 *
 * @param version a positive integer, as decimal digits
 * @param worker the id of the worker
 * @param maxRequestRows the most rows that one request may have
 * @param maxTensorBytes the largest input tensor of a request, in bytes
 * @param timeoutMs the deadline of requests that set none, in milliseconds; 0 if the ingress decides
 * @param commitIntervalMs how often the worker commits its offsets: an answered request counts as backlog until then
 * @param ready false during warm-up and after shutdown has begun
 * @param partitions of the model's request topics that the worker reads; empty if it announces none, as older builds do
 * @param scaleToZero whether the model needs no worker while nobody asks for it; empty if it always needs one
 */
public record Announcement(
        String model,
        String version,
        String worker,
        Signature signature,
        int maxRequestRows,
        long maxTensorBytes,
        long timeoutMs,
        long commitIntervalMs,
        String executionProvider,
        boolean ready,
        Optional<Map<Lane, List<Integer>>> partitions,
        Optional<ScaleToZero> scaleToZero) {
    /** The commit interval that is assumed of a worker that announces none, as older builds do. */
    public static final long DEFAULT_COMMIT_INTERVAL_MS = 100;

    /** The execution provider of a model that a centre runs. */
    public static final String CENTRE = "centre";

    private static final String ROW_AXIS = "row_axis";
    private static final String SCALE_TO_ZERO = "scale_to_zero";
    private static final ObjectMapper JSON = new ObjectMapper();

    public Announcement {
        if (commitIntervalMs < 1) {
            throw new IllegalArgumentException("commit_interval_ms must be at least 1, was " + commitIntervalMs);
        }
    }

    /** Of a model that always needs a worker. */
    public Announcement(
            String model,
            String version,
            String worker,
            Signature signature,
            int maxRequestRows,
            long maxTensorBytes,
            long timeoutMs,
            long commitIntervalMs,
            String executionProvider,
            boolean ready,
            Optional<Map<Lane, List<Integer>>> partitions) {
        this(
                model,
                version,
                worker,
                signature,
                maxRequestRows,
                maxTensorBytes,
                timeoutMs,
                commitIntervalMs,
                executionProvider,
                ready,
                partitions,
                Optional.empty());
    }

    /** The record key. The topic is compacted, so it keeps the latest announcement per key. */
    public String key() {
        return model + "/" + version + "/" + worker;
    }

    /** A copy with {@code ready} set to false. */
    public Announcement notReady() {
        return with(false, partitions, scaleToZero);
    }

    /** A copy of a model that may scale to zero, or may not. */
    public Announcement scalingToZero(Optional<ScaleToZero> setting) {
        return with(ready, partitions, setting);
    }

    /** A copy of a worker that reads these partitions. */
    public Announcement reading(Map<Lane, List<Integer>> assigned) {
        return with(ready, Optional.of(assigned), scaleToZero);
    }

    private Announcement with(
            boolean ready, Optional<Map<Lane, List<Integer>>> partitions, Optional<ScaleToZero> scaleToZero) {
        return new Announcement(
                model,
                version,
                worker,
                signature,
                maxRequestRows,
                maxTensorBytes,
                timeoutMs,
                commitIntervalMs,
                executionProvider,
                ready,
                partitions,
                scaleToZero);
    }

    public byte[] toJson() {
        ObjectNode node = JSON.createObjectNode();
        node.put("model", model).put("version", version).put("worker", worker);
        node.set("inputs", specs(signature.inputs()));
        node.set("outputs", specs(signature.outputs()));
        if (!signature.alternativeInputs().isEmpty()) {
            node.set("inputs_instead", specs(signature.alternativeInputs()));
        }
        node.putObject("batching")
                .put("mode", signature.mode().kind().label())
                .put("reason", signature.mode().reason());
        node.put("max_request_rows", maxRequestRows)
                .put("max_tensor_bytes", maxTensorBytes)
                .put("timeout_ms", timeoutMs)
                .put("commit_interval_ms", commitIntervalMs);
        node.put("execution_provider", executionProvider).put("ready", ready);
        partitions.ifPresent(assigned -> {
            ObjectNode lanes = node.putObject("partitions");
            assigned.forEach((lane, numbers) -> numbers.forEach(lanes.putArray(lane.label())::add));
        });
        scaleToZero.ifPresent(setting -> {
            ObjectNode zero = node.putObject(SCALE_TO_ZERO)
                    .put("start_ms", setting.start().toMillis());
            setting.requestsPerSecond().ifPresent(rate -> zero.put("requests_per_second", rate));
        });
        try {
            return JSON.writeValueAsBytes(node);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a JSON tree can always be written", impossible);
        }
    }

    /** @throws IOException if the bytes are not an announcement */
    public static Announcement read(byte[] json) throws IOException {
        JsonNode node = JSON.readTree(json);
        try {
            return new Announcement(
                    node.required("model").asText(),
                    node.required("version").asText(),
                    node.required("worker").asText(),
                    new Signature(
                            specs(node.required("inputs")),
                            specs(node.required("outputs")),
                            specs(node.path("inputs_instead")),
                            node.has("batching") ? mode(node.required("batching")) : RunMode.BATCHED),
                    node.required("max_request_rows").asInt(),
                    node.required("max_tensor_bytes").asLong(),
                    node.required("timeout_ms").asLong(),
                    node.path("commit_interval_ms").asLong(DEFAULT_COMMIT_INTERVAL_MS),
                    node.required("execution_provider").asText(),
                    node.required("ready").asBoolean(),
                    node.has("partitions") ? Optional.of(partitions(node.required("partitions"))) : Optional.empty(),
                    node.has(SCALE_TO_ZERO)
                            ? Optional.of(scaleToZero(node.required(SCALE_TO_ZERO)))
                            : Optional.empty());
        } catch (IllegalArgumentException broken) {
            throw new IOException(broken.getMessage(), broken);
        }
    }

    private static ScaleToZero scaleToZero(JsonNode node) {
        return new ScaleToZero(
                Duration.ofMillis(node.required("start_ms").asLong()),
                node.has("requests_per_second")
                        ? OptionalInt.of(node.required("requests_per_second").asInt())
                        : OptionalInt.empty());
    }

    private static Map<Lane, List<Integer>> partitions(JsonNode lanes) {
        Map<Lane, List<Integer>> partitions = new EnumMap<>(Lane.class);
        for (Lane lane : Lane.values()) {
            List<Integer> numbers = new ArrayList<>();
            lanes.path(lane.label()).forEach(number -> numbers.add(number.asInt()));
            partitions.put(lane, numbers);
        }
        return partitions;
    }

    private static RunMode mode(JsonNode node) {
        String label = node.required("mode").asText();
        for (RunMode.Kind kind : RunMode.Kind.values()) {
            if (kind.label().equals(label)) {
                return new RunMode(kind, node.required("reason").asText());
            }
        }
        throw new IllegalArgumentException("batching.mode must be a known mode, was " + label);
    }

    /** An axis that is absent is 0, as older builds mean it; an axis of null says that the tensor has no rows. */
    private static ArrayNode specs(List<TensorSpec> specs) {
        ArrayNode array = JSON.createArrayNode();
        for (TensorSpec spec : specs) {
            ObjectNode node = array.addObject()
                    .put("name", spec.name())
                    .put("datatype", spec.datatype().name());
            ArrayNode shape = node.putArray("shape");
            for (long dimension : spec.shape().toArray()) {
                shape.add(dimension);
            }
            if (!spec.hasRows()) {
                node.putNull(ROW_AXIS);
            } else if (spec.rowAxis().getAsInt() != 0) {
                node.put(ROW_AXIS, spec.rowAxis().getAsInt());
            }
            if (!spec.labels().isEmpty()) {
                spec.labels().forEach(node.putArray("labels")::add);
            }
        }
        return array;
    }

    private static List<TensorSpec> specs(JsonNode array) {
        List<TensorSpec> specs = new ArrayList<>();
        for (JsonNode node : array) {
            long[] dimensions = new long[node.required("shape").size()];
            for (int i = 0; i < dimensions.length; i++) {
                dimensions[i] = node.required("shape").required(i).asLong();
            }
            List<String> labels = new ArrayList<>();
            node.path("labels").forEach(label -> labels.add(label.asText()));
            specs.add(new TensorSpec(
                    node.required("name").asText(),
                    Datatype.valueOf(node.required("datatype").asText()),
                    Shape.of(dimensions),
                    node.path(ROW_AXIS).isNull()
                            ? OptionalInt.empty()
                            : OptionalInt.of(node.path(ROW_AXIS).asInt(0)),
                    labels));
        }
        return specs;
    }
}
