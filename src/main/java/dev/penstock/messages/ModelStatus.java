package dev.penstock.messages;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a worker says of a model version beside its {@link Announcement}: that it loads it, why it does not serve it, or a remark on how it
 * serves it. Workers repeat it every minute on {@link Topics#MODELS}, and delete it when it is no longer true.
 *
 * @param version the name of its folder: decimal digits, unless that is what is wrong; empty if it is about the whole model
 * @param worker the id of the worker
 * @param reason for people: one line of at most {@value #MAX_REASON_CHARS} characters; longer ones are cut
 */
public record ModelStatus(String model, Optional<String> version, String worker, State state, String reason) {
    public static final int MAX_REASON_CHARS = 1000;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}+");

    /** No model's name begins so: the key of an announcement differs from that of a status. */
    private static final String PREFIX = "~";

    /** The states of the repository index. */
    public enum State {
        READY,
        LOADING,
        UNAVAILABLE,
        /** No worker serves it, and one is started when somebody asks. Ours, not Triton's, and said by ingresses alone. */
        SLEEPING;

        /** What a worker can say. */
        public static final Set<State> OF_WORKERS = EnumSet.complementOf(EnumSet.of(SLEEPING));
    }

    public ModelStatus {
        reason = CONTROL.matcher(reason).replaceAll(" ").strip();
        if (reason.length() > MAX_REASON_CHARS) {
            reason = reason.substring(0, MAX_REASON_CHARS - 1) + "…";
        }
    }

    /** The record key: the topic is compacted, so it keeps the latest status per key. */
    public String key() {
        return PREFIX + model + "/" + version.orElse("") + "/" + worker;
    }

    /** Whether a record with this key holds a status. */
    public static boolean isKey(String key) {
        return key.startsWith(PREFIX);
    }

    public byte[] toJson() {
        ObjectNode node = JSON.createObjectNode().put("model", model).put("worker", worker);
        version.ifPresent(number -> node.put("version", number));
        node.put("state", state.name()).put("reason", reason);
        try {
            return JSON.writeValueAsBytes(node);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a JSON tree can always be written", impossible);
        }
    }

    /** @throws IOException if the bytes are not a status */
    public static ModelStatus read(byte[] json) throws IOException {
        JsonNode node = JSON.readTree(json);
        try {
            return new ModelStatus(
                    node.required("model").asText(),
                    Optional.ofNullable(node.get("version")).map(JsonNode::asText),
                    node.required("worker").asText(),
                    State.valueOf(node.required("state").asText()),
                    node.required("reason").asText());
        } catch (IllegalArgumentException broken) {
            throw new IOException(broken.getMessage(), broken);
        }
    }
}
