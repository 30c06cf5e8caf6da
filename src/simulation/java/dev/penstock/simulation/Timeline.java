package dev.penstock.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Records the events of a simulation as points to print and to plot. */
final class Timeline implements Simulation.Observer {
    private static final int MOST_POINTS = 200_000;

    /** One point of a series. */
    record Point(long nanos, double value) {}

    final List<Point> arrivals = new ArrayList<>();
    final List<Point> waiting = new ArrayList<>();
    final List<Point> batches = new ArrayList<>();
    final List<Point> latencies = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final int mostLines;
    private int lines;
    private int waitingRows;
    private long batchRows;
    private long batchCount;

    /** @param mostLines the lines that are kept as text */
    Timeline(int mostLines) {
        this.mostLines = mostLines;
    }

    @Override
    public void arrived(long now, SimulatedRequest request) {
        waitingRows += request.rows;
        add(arrivals, now, request.rows);
        add(waiting, now, waitingRows);
    }

    @Override
    public void dispatched(long now, List<SimulatedRequest> members, int rows) {
        batchRows += rows;
        batchCount++;
        add(batches, now, rows);
        int[] indices = members.stream().mapToInt(member -> member.index).toArray();
        line(now, "run %d rows of key %d: %s", rows, members.getFirst().key, Arrays.toString(indices));
    }

    @Override
    public void replied(long now, SimulatedRequest request) {
        waitingRows -= request.rows;
        add(waiting, now, waitingRows);
        add(latencies, now, (now - request.arrivalNanos) / 1e6);
        line(
                now,
                "%s %s %d, %d rows, after %.3f ms",
                request.outcome,
                request.lane.label(),
                request.index,
                request.rows,
                (now - request.arrivalNanos) / 1e6);
    }

    double meanBatch() {
        return batchCount == 0 ? 0 : (double) batchRows / batchCount;
    }

    String text() {
        return text + (lines > mostLines ? "… and " + (lines - mostLines) + " more\n" : "");
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private void line(long now, String form, Object... values) {
        if (lines++ < mostLines) {
            text.append("%12.3f ms  ".formatted(now / 1e6))
                    .append(form.formatted(values))
                    .append('\n');
        }
    }

    private static void add(List<Point> series, long now, double value) {
        if (series.size() < MOST_POINTS) {
            series.add(new Point(now, value));
        }
    }
}
