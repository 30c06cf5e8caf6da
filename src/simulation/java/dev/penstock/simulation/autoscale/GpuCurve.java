package dev.penstock.simulation.autoscale;

import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.batching.Window;
import java.util.List;
import java.util.stream.IntStream;

/** The time of a run on a GPU over the rows of its batch. Linear between the sizes that were measured. */
final class GpuCurve {
    private static final String KEY = "any";
    private static final double SECOND = 1e9;

    /**
     * BERT Large, 128 tokens, FP16, on a T4. Published by NVIDIA: github.com/NVIDIA/TensorRT, demo/BERT/README.md, commit 007c3470, table
     * "NVIDIA T4 (16GB), BERT Large", average latency in milliseconds.
     */
    static final GpuCurve T4_BERT_LARGE = new GpuCurve(List.of(
            Point.millis(1, 5.53),
            Point.millis(2, 8.22),
            Point.millis(4, 15.47),
            Point.millis(8, 28.14),
            Point.millis(16, 57.73),
            Point.millis(32, 121.09)));

    /** A batch of so many rows takes so long. */
    record Point(int rows, double seconds) {
        static Point millis(int rows, double millis) {
            return new Point(rows, millis / 1e3);
        }
    }

    private final List<Point> points;
    private final int targetRows;

    /** @param points with ascending rows, from 1 row to the largest batch, at powers of two */
    GpuCurve(List<Point> points) {
        this.points = List.copyOf(points);
        CostModel costs = new CostModel();
        points.forEach(point -> costs.observe(KEY, point.rows, (long) (point.seconds * SECOND)));
        int most = points.getLast().rows;
        this.targetRows = new Batcher<>(new BatchPolicy(most, Window.adaptive(), List.of(), 0), costs).targetRows(KEY);
    }

    /** A run of any size takes {@code fixedSeconds}, and each row {@code rowSeconds} more. */
    static GpuCurve linear(double fixedSeconds, double rowSeconds, int most) {
        return new GpuCurve(IntStream.iterate(1, rows -> rows <= most, rows -> 2 * rows)
                .mapToObj(rows -> new Point(rows, fixedSeconds + rowSeconds * rows))
                .toList());
    }

    double seconds(double rows) {
        Point below = points.getFirst();
        for (Point above : points.subList(1, points.size())) {
            if (rows <= above.rows) {
                double part = (rows - below.rows) / (above.rows - below.rows);
                return below.seconds + part * (above.seconds - below.seconds);
            }
            below = above;
        }
        return below.seconds * rows / below.rows;
    }

    /** The rows at which a batch is full, by the rule that a worker uses. */
    int targetRows() {
        return targetRows;
    }

    /** What a worker does in full batches: its {@code inference_capacity_rows_per_second}. */
    double rowsPerSecond() {
        return targetRows / seconds(targetRows);
    }
}
