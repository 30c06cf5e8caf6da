package dev.penstock.protocol.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.management.ThreadMXBean;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Payload;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleFunction;

/**
 * Measures time and allocated bytes per JSON request of 64 floats, in the formats of three kinds of clients. Reports the medians of nine
 * rounds after a warm-up. Run with {@code java -cp target/test-classes:target/classes:…
 * dev.penstock.protocol.codec.RequestReaderBenchmark}.
 */
final class RequestReaderBenchmark {
    private static final int ROUNDS = 9;
    private static final int REQUESTS = 200_000;

    private RequestReaderBenchmark() {}

    public static void main(String[] args) throws InvalidRequestException {
        measure("small whole numbers, as 7.0", value -> Math.floor(value * 17) + "");
        measure("floats, as 0.7231742", value -> Float.toString((float) value));
        measure("floats as doubles, as 0.7231742143630981", value -> Double.toString((float) value));
    }

    private static void measure(String what, DoubleFunction<String> written) throws InvalidRequestException {
        StringBuilder data = new StringBuilder();
        new Random(1)
                .doubles(64)
                .forEach(value -> data.append(data.isEmpty() ? "" : ",").append(written.apply(value)));
        byte[] body = "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,64],\"datatype\":\"FP32\",\"data\":[%s]}]}"
                .formatted(data)
                .getBytes(UTF_8);
        RequestReader reader = new RequestReader(ReaderLimits.DEFAULT);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        double[] nanos = new double[ROUNDS];
        long allocated = 0;
        int sum = 0;
        for (int round = -3; round < ROUNDS; round++) {
            long bytesBefore = threads.getCurrentThreadAllocatedBytes();
            long start = System.nanoTime();
            for (int i = 0; i < REQUESTS; i++) {
                sum += reader.read(Payload.json(body)).inputs().get(0).data().getInt(i % 60);
            }
            if (round >= 0) {
                nanos[round] = (System.nanoTime() - start) / (double) REQUESTS;
                allocated = (threads.getCurrentThreadAllocatedBytes() - bytesBefore) / REQUESTS;
            }
        }
        Arrays.sort(nanos);
        System.out.printf(
                "%-45s %4d bytes: %5.0f ns (%.0f to %.0f), %d bytes allocated [%d]%n",
                what, body.length, nanos[ROUNDS / 2], nanos[0], nanos[ROUNDS - 1], allocated, sum);
    }
}
