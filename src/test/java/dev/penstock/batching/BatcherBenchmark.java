package dev.penstock.batching;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * {@code ./penstock bench batcher}: nanoseconds and bytes that the batcher costs a request, to wait and to leave in a batch, with so
 * many waiting all the time; the medians of nine rounds after a warm-up.
 */
final class BatcherBenchmark {
    private static final int ROUNDS = 9;
    private static final int REQUESTS = 400_000;

    private BatcherBenchmark() {}

    public static void main(String[] arguments) {
        for (int keys : new int[] {1, 16}) {
            for (int waiting : new int[] {0, 64, 4096}) {
                measure(waiting, keys);
            }
        }
    }

    private static void measure(int waiting, int keys) {
        Batcher<Integer> batcher = new Batcher<>(BatchPolicy.of(64, Window.adaptive()), new CostModel());
        for (int key = 0; key < keys; key++) {
            batcher.costs().observe(key, 1, 100_000);
            batcher.costs().observe(key, 64, 500_000);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        double[] nanos = new double[ROUNDS];
        long bytes = 0;
        int sum = 0;
        long now = 0;
        for (int round = -4; round < ROUNDS; round++) {
            long bytesBefore = threads.getCurrentThreadAllocatedBytes();
            long start = System.nanoTime();
            for (int i = 0; i < REQUESTS; i++) {
                now += 10_000;
                Priority priority = i % 8 == 0 ? Priority.BULK : Priority.INTERACTIVE;
                long deadline = now + 10_000_000_000L + i * 7919L % 1_000_000_000L;
                batcher.offer(new Waiting<>(i, i % keys, priority, 1, now, deadline));
                while (batcher.waitingRows() > waiting
                        && batcher.next(now, Room.idle(now)) instanceof Step.Run<Integer> run) {
                    sum += run.rows();
                    batcher.costs().observe(run.key(), run.rows(), 100_000 + 6_000L * run.rows());
                }
            }
            if (round >= 0) {
                nanos[round] = (System.nanoTime() - start) / (double) REQUESTS;
                bytes = (threads.getCurrentThreadAllocatedBytes() - bytesBefore) / REQUESTS;
            }
        }
        Arrays.sort(nanos);
        System.out.printf(
                "%2d keys, %4d waiting: %4.0f ns a request (%.0f to %.0f), %d bytes [%d]%n",
                keys, waiting, nanos[ROUNDS / 2], nanos[0], nanos[ROUNDS - 1], bytes, sum);
    }
}
