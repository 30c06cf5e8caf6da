package dev.penstock.model.onnx;

import dev.penstock.model.InferenceException;
import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.Session;
import dev.penstock.model.Slot;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelLoader;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Measures the copying of inputs into a slot's buffer: requests for {@code digits}, one row of 64 floats each. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AssemblyBenchmark {
    @Param({"1", "32"})
    int requests;

    private List<List<Tensor>> batch = List.of();
    private List<AutoCloseable> open = List.of();

    @Setup
    public void load() throws IOException, ModelRefusedException {
        ModelRepository samples = new ModelRepository(Path.of("src/main/models"), Integer.MAX_VALUE);
        ModelDefinition digits = samples.scan().found().stream()
                .filter(model -> model.name().equals("digits"))
                .findFirst()
                .orElseThrow();
        Session session = new ModelLoader().load(digits).session();
        open = List.of(session.openSlot(), session);
        ByteBuffer row = ByteBuffer.allocate(64 * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Tensor pixels = new Tensor("pixels", Datatype.FP32, Shape.of(1, 64), row);
        batch = Collections.nCopies(requests, List.of(pixels));
    }

    @TearDown
    public void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    @Benchmark
    public int assemble() throws InferenceException {
        ((Slot) open.getFirst()).assemble(batch);
        return batch.size();
    }
}
