package dev.penstock.model.repository;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.penstock.fuzz.Allocation;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.ModelConfig;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.model.graph.OnnxGraph;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;

/** Fuzzes the checks that run before ONNX Runtime loads a model. The input is a model.yaml, a zero byte, and a model.onnx. */
public final class ModelFuzz {
    private static final int FACTOR = 2048;
    /** A YAML parser allocates this much for any text. Models are not read on the hot path. */
    private static final int YAML_BYTES = 2 << 20;

    private ModelFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        int end = 0;
        while (end < input.length && input[end] != 0) {
            end++;
        }
        String yaml = new String(input, 0, end, UTF_8);
        ByteBuffer onnx = ByteBuffer.wrap(input, Math.min(end + 1, input.length), Math.max(0, input.length - end - 1))
                .slice();
        try {
            Allocation.bounded(input.length + YAML_BYTES / FACTOR, FACTOR, () -> check(yaml, onnx));
        } catch (ModelRefusedException refused) {
            if (refused.reason().isEmpty()) {
                throw new AssertionError("the refusal has no reason", refused);
            }
        } catch (IOException unreadable) {
            // Expected.
        } catch (Exception other) {
            throw new AssertionError("the model was neither read nor refused", other);
        }
    }

    private static OnnxGraph check(String yaml, ByteBuffer onnx) throws ModelRefusedException, IOException {
        OnnxFile file = new OnnxFile(onnx);
        ModelConfig config = ModelConfig.parse(yaml);
        config.checksums().check(1, 1, new TreeMap<>(Map.of("model.onnx", file.sha256())));
        ModelProto proto = file.parse();
        return RepositoryScan.checkedGraph(proto, config);
    }
}
