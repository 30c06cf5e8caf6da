package dev.penstock.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Reads the load and the memory of each GPU from {@code nvidia-smi} every ten seconds: {@code gpu.utilization} and
 * {@code gpu.memory.used.ratio}. What it does not tell is absent. Where the program cannot be started, it is tried again every five
 * minutes. Runs a thread.
 */
public final class GpuWatch implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(GpuWatch.class);
    private static final String PROGRAM = "nvidia-smi";
    private static final long INTERVAL_MILLIS = 10_000;

    /** A program that cannot be started is tried again after this many intervals. */
    private static final int SELDOM = 30;

    /** A driver whose GPU hangs does not answer. */
    private static final long PATIENCE_MILLIS = 5_000;

    private final Path program;
    private final MultiGauge utilization;
    private final MultiGauge memory;
    private final long intervalMillis;
    private final long patienceMillis;
    private final ServiceThread thread;

    /** Starts the thread. */
    public GpuWatch(MeterRegistry registry, Consumer<? super Fault> faults) {
        this(Path.of(PROGRAM), registry, faults, INTERVAL_MILLIS, PATIENCE_MILLIS);
    }

    /** @param program a path, or a name that is looked up in the search path */
    GpuWatch(
            Path program,
            MeterRegistry registry,
            Consumer<? super Fault> faults,
            long intervalMillis,
            long patienceMillis) {
        this.program = program;
        this.intervalMillis = intervalMillis;
        this.patienceMillis = patienceMillis;
        this.utilization = MultiGauge.builder("gpu.utilization")
                .description("Share of time in which a kernel ran on the GPU")
                .register(registry);
        this.memory = MultiGauge.builder("gpu.memory.used.ratio")
                .description("GPU memory in use")
                .register(registry);
        this.thread = new ServiceThread("penstock-gpu", "The GPU gauges stay as they are.", faults, this::turn);
        thread.start();
    }

    private void turn() throws InterruptedException {
        try {
            publish(read());
            TimeUnit.MILLISECONDS.sleep(intervalMillis);
        } catch (IOException noProgram) {
            LOG.debugf(noProgram, "There are no GPU gauges");
            publish(List.of());
            TimeUnit.MILLISECONDS.sleep(SELDOM * intervalMillis);
        }
    }

    private void publish(List<GpuReading> readings) {
        List<MultiGauge.Row<?>> busy = new ArrayList<>();
        List<MultiGauge.Row<?>> full = new ArrayList<>();
        for (GpuReading reading : readings) {
            Tags gpu = Tags.of("gpu", reading.gpu());
            reading.utilization().ifPresent(ratio -> busy.add(MultiGauge.Row.of(gpu, ratio)));
            reading.memoryUsedRatio().ifPresent(ratio -> full.add(MultiGauge.Row.of(gpu, ratio)));
        }
        utilization.register(busy, true);
        memory.register(full, true);
    }

    /**
     * Empty when the program fails, as without a driver, or does not answer in time.
     *
     * @throws IOException when the program cannot be started
     */
    private List<GpuReading> read() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        program.toString(), "--query-gpu=" + GpuReading.COLUMNS, "--format=csv,noheader,nounits")
                .redirectErrorStream(true)
                .start();
        try {
            // A few lines fit into the pipe, so the program does not wait for its reader.
            boolean succeeded = process.waitFor(patienceMillis, TimeUnit.MILLISECONDS) && process.exitValue() == 0;
            return succeeded
                    ? GpuReading.parse(new String(process.getInputStream().readAllBytes(), UTF_8))
                    : List.of();
        } finally {
            process.destroyForcibly();
        }
    }

    @Override
    public void close() {
        thread.close();
    }
}
