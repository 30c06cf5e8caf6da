package dev.penstock.model;

import ai.onnxruntime.OrtException;
import java.util.regex.Pattern;

/** A batch that could not be run, with what the worker must know in order to go on. */
public final class InferenceException extends Exception {

    /** What the worker can do about it. */
    public enum Kind {
        /** This batch, or a row of it, is at fault: others may run. */
        FAILED,
        /** Memory did not suffice: a smaller batch may run. */
        OUT_OF_MEMORY,
        /** The accelerator's context is broken for good: only a new process helps. */
        DEVICE_LOST
    }

    /** CUDA's sticky errors, after which every call of the process fails: cudaError_t in the CUDA Runtime API's reference. */
    private static final Pattern DEVICE_LOST = Pattern.compile("CUDA failure (214|700|702|71[04-9])\\b");

    private static final Pattern OUT_OF_MEMORY = Pattern.compile(
            "(?i)out of memory|Failed to allocate memory|ALLOC_FAILED|bad_alloc|Available memory of \\d+ is smaller");

    private static final Pattern PREAMBLE = Pattern.compile("^Error code - \\w+ - message: ");

    private final Kind kind;

    public InferenceException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    private InferenceException(Kind kind, String message, OrtException cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** Reads the kind from the message, since ONNX Runtime's codes do not tell these apart. */
    public static InferenceException of(OrtException cause) {
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

    public Kind kind() {
        return kind;
    }
}
