package dev.penstock.model.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import org.jboss.logging.Logger;

/**
 * The process's one ONNX Runtime environment, with telemetry off. Since 1.29 the official builds report usage to their maker on Linux
 * and macOS too; only the environment variable, set before the process starts, prevents it altogether. It also prevents a crash:
 * while it collects, the library overflows its stack on a command line of some ten thousand characters.
 */
final class OnnxEnvironment {
    private static final String OPT_OUT = "ORT_DISABLE_TELEMETRY";
    private static final OrtLoggingLevel LEVEL = OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING;
    private static final String NAME = "penstock";
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
            OrtEnvironment environment = OrtEnvironment.getEnvironment(LEVEL, NAME);
            environment.setTelemetry(false);
            keepToTheEnd();
            return environment;
        } catch (OrtException | ReflectiveOperationException e) {
            throw new IllegalStateException("ONNX Runtime does not start", e);
        }
    }

    /**
     * The library's Java API frees the environment as soon as the JVM is told to end (microsoft/onnxruntime#31352). A model that still
     * loads then fails or crashes the process, and what was taken and still runs would lose its GPU's provider, which is unloaded with
     * it. The environment counts its holders; one more, which never lets it go, keeps it. There is no public way to be one.
     */
    static void keepToTheEnd() throws ReflectiveOperationException {
        Field api = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("ortApiHandle");
        Method hold = OrtEnvironment.class.getDeclaredMethod("createHandle", long.class, int.class, String.class);
        api.setAccessible(true);
        hold.setAccessible(true);
        hold.invoke(null, api.getLong(null), LEVEL.getValue(), NAME);
    }
}
