package dev.penstock.model;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import org.jboss.logging.Logger;

/**
 * The process's one ONNX Runtime environment, with telemetry off. Since 1.29 the official builds report usage to their maker on Linux
 * and macOS too; only the environment variable, set before the process starts, prevents it altogether. It also prevents a crash:
 * while it collects, the library overflows its stack on a command line of some ten thousand characters.
 */
final class OnnxEnvironment {
    private static final String OPT_OUT = "ORT_DISABLE_TELEMETRY";
    private static final OrtEnvironment ENVIRONMENT = open();

    private OnnxEnvironment() {}

    static OrtEnvironment get() {
        return ENVIRONMENT;
    }

    private static OrtEnvironment open() {
        if (!"1".equals(System.getenv(OPT_OUT))) {
            Logger.getLogger(OnnxEnvironment.class)
                    .warnf("%s=1 is not set: ONNX Runtime may tell its maker that this process has started", OPT_OUT);
        }
        try {
            OrtEnvironment environment =
                    OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING, "penstock");
            environment.setTelemetry(false);
            return environment;
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime does not start", e);
        }
    }
}
