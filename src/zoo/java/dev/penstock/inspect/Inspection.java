package dev.penstock.inspect;

import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.Signature;
import dev.penstock.zoo.reference.Value;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What was found out about one model.
 *
 * @param path of the file, as it was given or below the folder that was given
 * @param name under which it would be served
 * @param facts empty if it is no ONNX file
 */
record Inspection(String path, String name, long fileBytes, Optional<GraphFacts> facts, Serving serving) {

    /** Whether and how it would be served. */
    sealed interface Serving {}

    /**
     * It would be served.
     *
     * @param signature that calls must follow
     * @param loadedBytes by how much the process grew when it was loaded; empty where that cannot be told
     * @param example inputs that the model ran with; empty if it failed with all that were made up
     * @param notes of the load
     */
    record Served(
            Signature signature,
            RunMode mode,
            double rowsPerSecond,
            OptionalLong loadedBytes,
            Optional<List<Value>> example,
            List<String> notes)
            implements Serving {}

    /** It would be refused. */
    record Refused(String reason) implements Serving {}

    boolean isRefused() {
        return serving instanceof Refused;
    }
}
