package dev.penstock.bench;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A model in plain ONNX Runtime, for reference results and for the upper limit of throughput. */
final class RawSession implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final Workload workload;
    private final OrtSession session;

    RawSession(Workload workload, int intraOpThreads) throws OrtException {
        this(workload, Processor.CPU, intraOpThreads);
    }

    RawSession(Workload workload, Processor processor, int intraOpThreads) throws OrtException {
        this.workload = workload;
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(intraOpThreads);
            options.setInterOpNumThreads(1);
            processor.configure(options);
            this.session = environment.createSession(workload.file().toString(), options);
        }
    }

    /** Returns the output's elements for a single row. */
    float[] answer(List<Tensor> row) throws OrtException {
        Map<String, OnnxTensor> feeds = feeds(List.of(row));
        try (OrtSession.Result result = session.run(feeds, Set.of(workload.output()))) {
            FloatBuffer elements = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] answer = new float[elements.remaining()];
            elements.get(answer);
            return answer;
        } finally {
            feeds.values().forEach(OnnxTensor::close);
        }
    }

    /** Runs the batch repeatedly, from this many threads, each with its own preallocated buffers. */
    double rowsPerSecond(List<List<Tensor>> batch, int callers, Duration duration)
            throws OrtException, InterruptedException {
        CountDownLatch start = new CountDownLatch(callers);
        Callable<Double> caller = () -> {
            Map<String, OnnxTensor> feeds = feeds(batch);
            try (OnnxTensor output = output(feeds)) {
                Map<String, OnnxTensor> pinned = Map.of(workload.output(), output);
                run(feeds, pinned, duration.dividedBy(4));
                start.countDown();
                start.await();
                return batch.size() * run(feeds, pinned, duration);
            } finally {
                feeds.values().forEach(OnnxTensor::close);
            }
        };
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        try {
            double sum = 0;
            List<Future<Double>> running = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                running.add(threads.submit(caller));
            }
            for (Future<Double> each : running) {
                sum += each.get();
            }
            return sum;
        } catch (ExecutionException e) {
            throw new OrtException("the run of " + workload.name() + " failed: " + e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    /** Returns runs per second. */
    private double run(Map<String, OnnxTensor> feeds, Map<String, OnnxTensor> pinned, Duration duration)
            throws OrtException {
        long begin = System.nanoTime();
        long runs = 0;
        long elapsed;
        do {
            session.run(feeds, Set.of(), pinned).close();
            runs++;
            elapsed = System.nanoTime() - begin;
        } while (elapsed < duration.toNanos());
        return runs * 1e9 / elapsed;
    }

    /** Returns a native tensor over preallocated memory, with the shape of the first run's output. */
    private OnnxTensor output(Map<String, OnnxTensor> feeds) throws OrtException {
        try (OrtSession.Result result = session.run(feeds, Set.of(workload.output()))) {
            TensorInfo info = ((OnnxTensor) result.get(0)).getInfo();
            int bytes = Math.toIntExact(info.getNumElements() * Float.BYTES);
            return OnnxTensor.createTensor(environment, direct(bytes), info.getShape(), OnnxJavaType.FLOAT);
        }
    }

    private Map<String, OnnxTensor> feeds(List<List<Tensor>> batch) throws OrtException {
        Map<String, OnnxTensor> feeds = new HashMap<>();
        List<Tensor> first = batch.get(0);
        for (int input = 0; input < first.size(); input++) {
            Tensor row = first.get(input);
            ByteBuffer data = direct(row.data().limit() * batch.size());
            for (List<Tensor> each : batch) {
                data.put(each.get(input).data().duplicate());
            }
            OnnxJavaType type = row.datatype() == Datatype.FP32 ? OnnxJavaType.FLOAT : OnnxJavaType.INT64;
            long[] shape =
                    row.shape().withRows(row.shape().rows() * batch.size()).toArray();
            feeds.put(row.name(), OnnxTensor.createTensor(environment, data.flip(), shape, type));
        }
        return feeds;
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
