package dev.penstock.inspect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.zoo.V2Body;
import dev.penstock.zoo.reference.Value;
import java.util.List;

/** A call to type into a shell, for a service that {@code ./penstock up} started. */
final class CurlCommand {
    /** Longer input is sent as zeros in binary form. */
    static final int MAX_TYPED_ELEMENTS = 64;

    private CurlCommand() {}

    static String text(String model, List<Value> inputs) {
        String address = "localhost:8080/v2/models/" + model + "/infer";
        if (inputs.stream().mapToLong(Value::elements).sum() <= MAX_TYPED_ELEMENTS) {
            return "curl -s " + address + " -d '"
                    + quoted(new String(V2Body.json(inputs).bytes(), UTF_8)) + "'";
        }
        V2Body body = V2Body.binary(inputs);
        String head = new String(body.bytes(), 0, body.jsonBytes(), UTF_8)
                .replace("\"parameters\":{\"binary_data_output\":true},", "");
        return "(printf %%s '%s'; head -c %d /dev/zero) | curl -s %s -H 'Inference-Header-Content-Length: %d' --data-binary @-"
                .formatted(quoted(head), body.bytes().length - body.jsonBytes(), address, head.getBytes(UTF_8).length);
    }

    private static String quoted(String text) {
        return text.replace("'", "'\\''");
    }
}
