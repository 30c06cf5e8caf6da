package dev.penstock.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.graph.OnnxFile;
import dev.penstock.model.repository.LoadedModel;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelLoader;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.Datatype;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxEnvironmentTest {

    @Test
    void staysOpenForModelsThatLoadDuringShutdown(@TempDir Path repository) throws Exception {
        OnnxModels.write(repository, "echo", 1, OnnxModels.identity(Datatype.FP32));
        ModelDefinition echo = new ModelRepository(repository, OnnxFile.MAX_BYTES)
                .scan()
                .found()
                .getFirst();

        shutdownHookOf(OnnxEnvironment.get()).run();
        try (LoadedModel loaded = new ModelLoader().load(echo)) {
            assertThat(loaded.rowsPerSecond()).isPositive();
        } finally {
            OnnxEnvironment.keepUntilExit(); // one more reference, because the hook runs again at the end of this JVM
        }
    }

    private static Runnable shutdownHookOf(OrtEnvironment environment) throws ReflectiveOperationException {
        Field api = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("ortApiHandle");
        Field handle = OrtEnvironment.class.getDeclaredField("nativeHandle");
        Constructor<?> hook = Class.forName("ai.onnxruntime.OrtEnvironment$OrtEnvCloser")
                .getDeclaredConstructor(long.class, long.class);
        api.setAccessible(true);
        handle.setAccessible(true);
        hook.setAccessible(true);
        return (Runnable) hook.newInstance(api.getLong(null), handle.getLong(environment));
    }
}
