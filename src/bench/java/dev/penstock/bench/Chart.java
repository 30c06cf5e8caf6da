package dev.penstock.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** A bar or line chart, written as an SVG file. Build it with the {@code with} methods, then call {@link #write}. */
public final class Chart {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 480;
    private static final int LEFT = 84;
    private static final int RIGHT = 24;
    private static final int TOP = 92;
    private static final int BOTTOM = 64;
    /** The palette of Okabe and Ito, which colour-blind people can distinguish. */
    private static final List<String> COLOURS =
            List.of("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#7f7f7f", "#f0e442");

    private static final int MOST_DOTS = 40;

    private record Point(double x, double y) {}

    private record Series(String name, List<Point> points) {}

    private final String title;
    private final String xLabel;
    private final String yLabel;
    private final boolean bars;
    private final List<String> categories;
    private final List<Series> series = new ArrayList<>();
    private boolean logarithmic;
    private double xLeast;
    private double xMost = 1;
    private double yLeast;
    private double yMost = 1;

    private Chart(String title, String xLabel, String yLabel, boolean bars, List<String> categories) {
        this.title = title;
        this.xLabel = xLabel;
        this.yLabel = yLabel;
        this.bars = bars;
        this.categories = List.copyOf(categories);
    }

    /** A bar chart with a group per category, and a bar per series in each group. */
    public static Chart bars(String title, String xLabel, String yLabel, List<String> categories) {
        return new Chart(title, xLabel, yLabel, true, categories);
    }

    /** A line chart over equidistant categories. */
    public static Chart lines(String title, String xLabel, String yLabel, List<String> categories) {
        return new Chart(title, xLabel, yLabel, false, categories);
    }

    /** A line chart over numbers. */
    public static Chart lines(String title, String xLabel, String yLabel) {
        return new Chart(title, xLabel, yLabel, false, List.of());
    }

    /** @param y one value per category; NaN for no value */
    public Chart with(String name, double... y) {
        return with(name, IntStream.range(0, y.length).asDoubleStream().toArray(), y);
    }

    public Chart with(String name, double[] x, double[] y) {
        if (x.length != y.length) {
            throw new IllegalArgumentException(
                    "x and y must have the same length, were " + x.length + " and " + y.length);
        }
        series.add(new Series(
                name,
                IntStream.range(0, x.length)
                        .mapToObj(i -> new Point(x[i], y[i]))
                        .toList()));
        return this;
    }

    /** Uses a logarithmic vertical axis. Values that are not positive are left out. */
    public Chart withLogarithmicAxis() {
        logarithmic = true;
        return this;
    }

    public Path write(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        return Files.writeString(file, svg());
    }

    String svg() {
        scale();
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT, """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$d %2$d" width="%1$d" height="%2$d" font-family="sans-serif" font-size="13" fill="#333">
                <rect width="%1$d" height="%2$d" fill="#fff"/>
                """, WIDTH, HEIGHT));
        text(svg, LEFT, 28, "start\" font-size=\"17\" font-weight=\"bold", title);
        text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14, "middle", xLabel);
        svg.append(String.format(
                Locale.ROOT, "<g transform=\"translate(20 %d) rotate(-90)\">", (TOP + HEIGHT - BOTTOM) / 2));
        text(svg, 0, 0, "middle", yLabel);
        svg.append("</g>\n");
        horizontalLines(svg);
        xAxis(svg);
        double legendX = LEFT;
        double legendY = 42;
        for (int i = 0; i < series.size(); i++) {
            double width = 42 + 7.2 * series.get(i).name.length();
            if (legendX > LEFT && legendX + width > WIDTH - RIGHT) {
                legendX = LEFT;
                legendY += 18;
            }
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" fill=\"%s\"/>",
                    legendX,
                    legendY,
                    colour(i)));
            text(svg, legendX + 18, legendY + 11, "start", series.get(i).name);
            legendX += width;
            if (bars) {
                drawBars(svg, i);
            } else {
                drawLine(svg, i);
            }
        }
        return svg.append("</svg>\n").toString();
    }

    private void scale() {
        DoubleSummaryStatistics ys = values(Point::y).filter(this::isShown).summaryStatistics();
        double least = ys.getCount() == 0 ? 1 : ys.getMin();
        double most = ys.getCount() == 0 ? 1 : ys.getMax();
        if (logarithmic) {
            yLeast = Math.floor(Math.log10(least) - (bars ? 0.05 : 0));
            yMost = Math.max(yLeast + 1, Math.ceil(Math.log10(most)));
        } else {
            yLeast = Math.min(0, least);
            yMost = most > yLeast ? Math.ceil(most / step(most - yLeast)) * step(most - yLeast) : yLeast + 1;
        }
        xLeast = categories.isEmpty() ? values(Point::x).min().orElse(0) : -0.5;
        xMost = categories.isEmpty() ? values(Point::x).max().orElse(1) : categories.size() - 0.5;
        if (xMost <= xLeast) {
            xMost = xLeast + 1;
        }
    }

    private DoubleStream values(ToDoubleFunction<Point> coordinate) {
        return series.stream().flatMap(each -> each.points.stream()).mapToDouble(coordinate);
    }

    private boolean isShown(double y) {
        return Double.isFinite(y) && (!logarithmic || y > 0);
    }

    private void horizontalLines(StringBuilder svg) {
        double step = logarithmic ? 1 : step(yMost - yLeast);
        for (double at = yLeast; at <= yMost + step / 1e6; at += step) {
            double value = logarithmic ? Math.pow(10, at) : at;
            double y = y(value);
            svg.append(String.format(Locale.ROOT, "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>", LEFT, y, WIDTH - RIGHT));
            text(svg, LEFT - 8, y + 4, "end", number(value));
        }
    }

    private void xAxis(StringBuilder svg) {
        int floor = HEIGHT - BOTTOM;
        svg.append(String.format(Locale.ROOT, "<path d=\"M%d %dH%d\" stroke=\"#333\"/>\n", LEFT, floor, WIDTH - RIGHT));
        for (int i = 0; i < categories.size(); i++) {
            text(svg, x(i), floor + 20, "middle", categories.get(i));
        }
        double step = step(xMost - xLeast);
        for (double at = Math.ceil(xLeast / step) * step; categories.isEmpty() && at <= xMost; at += step) {
            text(svg, x(at), floor + 20, "middle", number(at));
        }
    }

    private void drawBars(StringBuilder svg, int index) {
        double group = (x(1) - x(0)) * 0.8;
        double width = group / series.size();
        for (Point point : series.get(index).points) {
            if (isShown(point.y)) {
                double left = x(point.x) - group / 2 + index * width;
                double top = y(point.y);
                svg.append(String.format(
                        Locale.ROOT,
                        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>",
                        left,
                        top,
                        width * 0.94,
                        HEIGHT - BOTTOM - top,
                        colour(index)));
                text(svg, left + width * 0.47, top - 4, "middle\" font-size=\"10", number(point.y));
            }
        }
    }

    private void drawLine(StringBuilder svg, int index) {
        List<Point> points = series.get(index).points;
        StringBuilder path = new StringBuilder();
        boolean down = false;
        for (Point point : points) {
            boolean shown = isShown(point.y);
            if (shown) {
                double x = x(point.x);
                double y = y(point.y);
                path.append(String.format(Locale.ROOT, "%s%.1f %.1f", down ? "L" : "M", x, y));
                if (points.size() <= MOST_DOTS) {
                    svg.append(String.format(
                            Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>", x, y, colour(index)));
                }
            }
            down = shown;
        }
        svg.append(String.format(
                Locale.ROOT, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", path, colour(index)));
    }

    private double x(double value) {
        return LEFT + (value - xLeast) / (xMost - xLeast) * (WIDTH - LEFT - RIGHT);
    }

    private double y(double value) {
        double at = logarithmic ? Math.log10(value) : value;
        return HEIGHT - BOTTOM - (at - yLeast) / (yMost - yLeast) * (HEIGHT - TOP - BOTTOM);
    }

    /** Returns a step of 1, 2 or 5 times a power of ten, so that an axis has four to ten steps. */
    private static double step(double span) {
        double power = Math.pow(10, Math.floor(Math.log10(span)));
        double lead = span / power;
        return power * (lead >= 5 ? 1 : lead >= 2 ? 0.5 : 0.2);
    }

    private static String number(double value) {
        double size = Math.abs(value);
        return size >= 10_000
                ? String.format(Locale.ROOT, "%,.0fk", value / 1000)
                : size >= 100
                        ? String.format(Locale.ROOT, "%,.0f", value)
                        : String.format(Locale.ROOT, "%.3g", value)
                                .replaceAll("(\\.\\d*?)0+$", "$1")
                                .replaceAll("\\.$", "");
    }

    private static String colour(int index) {
        return COLOURS.get(index % COLOURS.size());
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
        String escaped = text.replace("&", "&amp;").replace("<", "&lt;");
        svg.append(String.format(
                Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, escaped));
    }
}
