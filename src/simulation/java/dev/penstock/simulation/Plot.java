package dev.penstock.simulation;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Draws arrivals, queue, batch sizes and latency over one time axis, as SVG. Lines are means; bands span minimum to maximum. */
final class Plot {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 150;
    private static final int GAP = 46;
    private static final int LEFT = 70;
    private static final int TOP = 84;
    private static final int COLUMNS = 240;
    private static final String STYLE = """
            <style>
            text { font: 12px system-ui, sans-serif; fill: #475569 }
            .title { font-size: 16px; font-weight: 600; fill: #0f172a }
            .name { font-weight: 600; fill: #0f172a }
            .grid { stroke: #e2e8f0 }
            .band { stroke: none; opacity: .25 }
            .line { fill: none; stroke-width: 1.5; stroke-linejoin: round }
            </style>
            """;

    private final StringBuilder svg = new StringBuilder();
    private final double endNanos;
    private int charts;

    private Plot(String title, String result, double endNanos) {
        this.endNanos = endNanos;
        int height = TOP + 4 * (HEIGHT + GAP);
        svg.append("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">\n"
                        .formatted(LEFT + WIDTH + 30, height))
                .append(STYLE)
                .append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n")
                .append("<text class=\"title\" x=\"%d\" y=\"26\">%s</text>\n".formatted(LEFT, title))
                .append("<text x=\"%d\" y=\"46\">%s</text>\n".formatted(LEFT, result));
    }

    static String of(String title, String result, Timeline timeline) {
        double end = 1;
        for (Timeline.Point point : timeline.waiting) {
            end = Math.max(end, (double) point.nanos());
        }
        Plot plot = new Plot(title, result, end);
        plot.chart("arrivals, rows/s", "#0284c7", rates(plot.columns(timeline.arrivals), end / COLUMNS));
        plot.chart("rows waiting or running", "#7c3aed", spread(plot.columns(timeline.waiting)));
        plot.chart("batch size, rows", "#059669", spread(plot.columns(timeline.batches)));
        plot.chart("latency, ms", "#dc2626", spread(plot.columns(timeline.latencies)));
        return plot.svg.append("</svg>\n").toString();
    }

    /** The values of each slice of time. */
    private List<List<Double>> columns(List<Timeline.Point> series) {
        List<List<Double>> columns = new ArrayList<>();
        for (int i = 0; i < COLUMNS; i++) {
            columns.add(new ArrayList<>());
        }
        for (Timeline.Point point : series) {
            columns.get((int) Math.min(COLUMNS - 1, point.nanos() / endNanos * COLUMNS))
                    .add(point.value());
        }
        return columns;
    }

    private record Column(int index, double low, double middle, double high) {}

    private static List<Column> rates(List<List<Double>> columns, double nanosEach) {
        List<Column> rates = new ArrayList<>();
        for (int i = 0; i < COLUMNS; i++) {
            double rate = columns.get(i).stream().mapToDouble(value -> value).sum() * 1e9 / nanosEach;
            rates.add(new Column(i, 0, rate, rate));
        }
        return rates;
    }

    /** The minimum, the mean and the maximum of each slice. */
    private static List<Column> spread(List<List<Double>> columns) {
        List<Column> spread = new ArrayList<>();
        for (int i = 0; i < COLUMNS; i++) {
            var values = columns.get(i).stream().mapToDouble(value -> value).summaryStatistics();
            if (values.getCount() > 0) {
                spread.add(new Column(i, values.getMin(), values.getAverage(), values.getMax()));
            }
        }
        return spread;
    }

    private void chart(String name, String colour, List<Column> columns) {
        double most = columns.stream().mapToDouble(Column::high).max().orElse(1);
        double top = roundUp(most);
        int bottom = TOP + charts++ * (HEIGHT + GAP) + HEIGHT;
        svg.append("<text class=\"name\" x=\"%d\" y=\"%d\">%s</text>\n".formatted(LEFT, bottom - HEIGHT - 8, name));
        for (int i = 0; i <= 2; i++) {
            double y = bottom - HEIGHT * i / 2.0;
            svg.append(number(
                            "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                            LEFT, LEFT + WIDTH, y, y))
                    .append(number(
                            "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                            LEFT - 8, y + 4, label(top * i / 2)));
        }
        double tick = roundUp(endNanos / 1e9 / 8);
        for (int i = 0; i * tick <= endNanos / 1e9; i++) {
            double x = LEFT + WIDTH * i * tick * 1e9 / endNanos;
            svg.append(number(
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s s</text>\n", x, bottom + 18, label(i * tick)));
        }
        StringBuilder band = new StringBuilder();
        StringBuilder line = new StringBuilder();
        StringBuilder back = new StringBuilder();
        for (Column column : columns) {
            double x = LEFT + WIDTH * (column.index + 0.5) / COLUMNS;
            band.append(number("%.1f,%.1f ", x, bottom - HEIGHT * column.high / top));
            line.append(number("%.1f,%.1f ", x, bottom - HEIGHT * column.middle / top));
            back.insert(0, number("%.1f,%.1f ", x, bottom - HEIGHT * column.low / top));
        }
        svg.append("<polygon class=\"band\" fill=\"%s\" points=\"%s%s\"/>\n".formatted(colour, band, back))
                .append("<polyline class=\"line\" stroke=\"%s\" points=\"%s\"/>\n".formatted(colour, line));
    }

    /** Rounds up to a power of ten times 1, 2, 4, 6, 8 or 10. Half of each is easy to read. */
    private static double roundUp(double most) {
        double power = Math.pow(10, Math.floor(Math.log10(Math.max(most, 1e-9))));
        double lead = most / power;
        return power * (lead <= 1 ? 1 : 2 * Math.ceil(lead / 2));
    }

    private static String label(double value) {
        if (value >= 1e4) {
            return value >= 1e6 ? plain(value / 1e6) + " M" : plain(value / 1e3) + " k";
        }
        return plain(value);
    }

    private static String plain(double value) {
        return new DecimalFormat("0.######", DecimalFormatSymbols.getInstance(Locale.ROOT)).format(value);
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private static String number(String form, Object... values) {
        return String.format(Locale.ROOT, form, values);
    }
}
