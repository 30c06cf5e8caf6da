package dev.penstock.batching;

import dev.penstock.protocol.Lane;
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
import org.openjdk.jmh.annotations.Warmup;

/** Measures the cost per request of queueing it and taking it out in a batch, while a fixed number of others wait. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class BatcherBenchmark {
    private static final long STEP_NANOS = 10_000;
    private static final long FAR_NANOS = 10_000_000_000L;

    /** Number of row shapes, each with its own queue. */
    @Param({"1", "16"})
    int keys;

    @Param({"0", "64", "4096"})
    int waiting;

    private Batcher<Integer> batcher = newBatcher();
    private int sent;
    private long now;

    private static Batcher<Integer> newBatcher() {
        return new Batcher<>(BatchPolicy.of(64, Window.adaptive()), new CostModel());
    }

    @Setup
    public void learn() {
        batcher = newBatcher();
        for (int key = 0; key < keys; key++) {
            batcher.costs().observe(key, 1, 100_000);
            batcher.costs().observe(key, 64, 500_000);
        }
    }

    @Benchmark
    public int request() {
        now += STEP_NANOS;
        int request = sent++;
        Lane lane = request % 8 == 0 ? Lane.BULK : Lane.INTERACTIVE;
        long deadline = now + FAR_NANOS + request * 7919L % 1_000_000_000L;
        batcher.offer(new QueuedRequest<>(request, request % keys, lane, 1, now, deadline));
        int rows = 0;
        while (batcher.waitingRows() > waiting && batcher.next(now, Room.idle(now)) instanceof Step.Run<Integer> run) {
            rows += run.rows();
            batcher.costs().observe(run.key(), run.rows(), 100_000 + 6_000L * run.rows());
        }
        return rows;
    }
}
