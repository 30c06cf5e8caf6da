package dev.penstock.model.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import org.jboss.logging.Logger;

/**
 * The only ONNX Runtime environment of the process, with telemetry off. Since 1.29 the official builds send usage data to Microsoft on
 * Linux and macOS too. Only the environment variable, set before the process starts, fully prevents that. It also prevents a crash:
 * while it collects data, the library overflows its stack on a command line of about ten thousand characters.
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
                    .warnf(
                            "%s=1 is not set: ONNX Runtime may report the start of this process to Microsoft. Set it before the start.",
                            OPT_OUT);
        }
        try {
            OrtEnvironment environment = OrtEnvironment.getEnvironment(LEVEL, NAME);
            environment.setTelemetry(false);
            keepUntilExit();
            return environment;
        } catch (OrtException | ReflectiveOperationException e) {
            throw new IllegalStateException("ONNX Runtime cannot start", e);
        }
    }

    /**
     * Keeps the environment until the process ends. The Java API frees it as soon as JVM shutdown begins (microsoft/onnxruntime#31352).
     * A model that is still loading would then fail or crash the process, and running batches would lose their GPU provider, which is
     * unloaded with it. The native environment is reference-counted, so one extra reference that is never released keeps it alive. The
     * public API has no way to take one.
     */
    static void keepUntilExit() throws ReflectiveOperationException {
        Field api = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("ortApiHandle");
        Method hold = OrtEnvironment.class.getDeclaredMethod("createHandle", long.class, int.class, String.class);
        api.setAccessible(true);
        hold.setAccessible(true);
        hold.invoke(null, api.getLong(null), LEVEL.getValue(), NAME);
    }
}
