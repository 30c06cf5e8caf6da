package dev.penstock.model.onnx;

import ai.onnxruntime.OrtException;
import dev.penstock.model.InferenceException;
import dev.penstock.model.InferenceException.Kind;
import java.util.regex.Pattern;

/** Classifies ONNX Runtime errors by their message, because its error codes do not distinguish them. */
final class OrtFailures {
    /** CUDA's sticky errors, after which every call of the process fails. See cudaError_t in the CUDA Runtime API reference. */
    private static final Pattern DEVICE_LOST = Pattern.compile("CUDA failure (214|700|702|71[04-9])\\b");

    private static final Pattern OUT_OF_MEMORY = Pattern.compile(
            "(?i)out of memory|Failed to allocate memory|ALLOC_FAILED|bad_alloc|Available memory of \\d+ is smaller");

    private static final Pattern PREAMBLE = Pattern.compile("^Error code - \\w+ - message: ");

    private OrtFailures() {}

    static InferenceException classify(OrtException cause) {
        String message = String.valueOf(cause.getMessage());
        boolean reset = cause.getCode() == OrtException.OrtErrorCode.ORT_DEVICE_RESET;
        return new InferenceException(
                reset ? Kind.DEVICE_LOST : kindOf(message),
                PREAMBLE.matcher(message).replaceFirst("").strip(),
                cause);
    }

    static Kind kindOf(String message) {
        if (DEVICE_LOST.matcher(message).find()) {
            return Kind.DEVICE_LOST;
        }
        return OUT_OF_MEMORY.matcher(message).find() ? Kind.OUT_OF_MEMORY : Kind.FAILED;
    }
}
