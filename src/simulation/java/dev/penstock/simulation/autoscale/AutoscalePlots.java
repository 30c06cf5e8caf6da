package dev.penstock.simulation.autoscale;

import dev.penstock.bench.Chart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Draws the workers of each policy over the workers that the load needs, over the day and around the promotion. */
final class AutoscalePlots {
    private static final int MINUTES_PER_POINT = 6;
    private static final double HOURS_BEFORE = 0.25;
    private static final double HOURS_AFTER = 2.25;
    private static final double HOUR = 3600;

    private final double rowsPerSecond;
    private final List<Named> days = new ArrayList<>();

    private record Named(String name, Day day) {}

    /** @param rowsPerSecond of one worker */
    AutoscalePlots(double rowsPerSecond) {
        this.rowsPerSecond = rowsPerSecond;
    }

    void add(String name, Day day) {
        days.add(new Named(name, day));
    }

    List<Path> write(Path folder) throws IOException {
        double begin = days.getFirst().day.promotionBeginsSeconds() / HOUR;
        return List.of(
                chart("Workers over the day", MINUTES_PER_POINT, hour -> true)
                        .write(folder.resolve("autoscale-day.svg")),
                chart("Workers at the promotion", 1, hour -> hour > begin - HOURS_BEFORE && hour < begin + HOURS_AFTER)
                        .write(folder.resolve("autoscale-peak.svg")));
    }

    private Chart chart(String title, int minutesPerPoint, Predicate<Double> isShown) {
        Chart chart = Chart.lines(title, "hour of the day", "workers");
        List<Day.Point> load = points(days.getFirst().day, minutesPerPoint, isShown);
        chart.with(
                "load in full workers",
                hours(load),
                load.stream()
                        .mapToDouble(point -> point.offeredPerSecond() / rowsPerSecond)
                        .toArray());
        for (Named each : days) {
            List<Day.Point> points = points(each.day, minutesPerPoint, isShown);
            chart.with(
                    each.name,
                    hours(points),
                    points.stream().mapToDouble(Day.Point::workers).toArray());
        }
        return chart;
    }

    private static List<Day.Point> points(Day day, int minutesPerPoint, Predicate<Double> isShown) {
        List<Day.Point> points = new ArrayList<>();
        for (int i = 0; i < day.points().size(); i += minutesPerPoint) {
            if (isShown.test(day.points().get(i).hour())) {
                points.add(day.points().get(i));
            }
        }
        return points;
    }

    private static double[] hours(List<Day.Point> points) {
        return points.stream().mapToDouble(Day.Point::hour).toArray();
    }
}
