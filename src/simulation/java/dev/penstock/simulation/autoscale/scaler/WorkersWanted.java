package dev.penstock.simulation.autoscale.scaler;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The recording rules of kubernetes/monitoring/alerts.yml that end in {@code penstock:workers_wanted}, as Prometheus evaluates them on what
 * it scraped. {@code WorkersWantedRuleTest} holds both together, by Prometheus' own tool.
 *
 * <pre>
 * offered  = (rate of rows that ran [1m] + growth of the backlog [1m]) / (1 - share of lost requests [1m])
 * expected = max(offered, offered in 150 s by the line of the last three)
 * wanted   = (expected / 0.55 + backlog / 30 s) / capacity of a worker
 * </pre>
 */
public final class WorkersWanted {
    private static final double LOAD = 0.55;
    private static final double DRAIN_SECONDS = 30;
    private static final double AHEAD_SECONDS = 150;
    private static final double TREND_SECONDS = 180;
    private static final double RATE_SECONDS = 60;
    private static final double MOST_LOST = 0.9;

    /** Counters as they were scraped. */
    private record Scrape(double at, double ran, double lost) {}

    private final Deque<Scrape> scrapes = new ArrayDeque<>();
    private final Line backlogs = new Line(RATE_SECONDS);
    private final Line trend = new Line(TREND_SECONDS);
    private double backlog;
    private double capacity;

    /**
     * @param ran rows that ran so far
     * @param lost requests that were refused for lack of capacity or expired so far
     * @param unanswered rows that are not answered
     * @param capacityOfOne rows per second of one worker
     */
    public void scraped(double now, double ran, double lost, double unanswered, double capacityOfOne) {
        scrapes.add(new Scrape(now, ran, lost));
        backlog = unanswered;
        capacity = capacityOfOne;
    }

    /** @return {@code penstock:workers_wanted}, or NaN before there are two scrapes */
    public double evaluate(double now) {
        scrapes.removeIf(scrape -> scrape.at <= now - RATE_SECONDS);
        backlogs.add(now, backlog);
        if (scrapes.size() < 2) {
            return Double.NaN;
        }
        Scrape first = scrapes.getFirst();
        Scrape last = scrapes.getLast();
        double seconds = last.at - first.at;
        double ran = (last.ran - first.ran) / seconds;
        double lost = (last.lost - first.lost) / seconds;
        double share = ran + lost > 0 ? Math.min(MOST_LOST, lost / (ran + lost)) : 0;
        double offered = Math.max(0, ran + backlogs.slope()) / (1 - share);
        trend.add(now, offered);
        double expected = Math.max(offered, trend.at(now + AHEAD_SECONDS));
        return (expected / LOAD + backlog / DRAIN_SECONDS) / capacity;
    }

    /** The line of least squares through the last samples: {@code deriv} and {@code predict_linear}. */
    private static final class Line {
        private final double windowSeconds;
        private final Deque<Sample> samples = new ArrayDeque<>();

        private record Sample(double at, double value) {}

        Line(double windowSeconds) {
            this.windowSeconds = windowSeconds;
        }

        void add(double now, double value) {
            samples.removeIf(sample -> sample.at <= now - windowSeconds);
            samples.add(new Sample(now, value));
        }

        double slope() {
            double meanAt = meanAt();
            double mean = mean();
            double covariance = 0;
            double variance = 0;
            for (Sample sample : samples) {
                covariance += (sample.at - meanAt) * (sample.value - mean);
                variance += (sample.at - meanAt) * (sample.at - meanAt);
            }
            return variance > 0 ? covariance / variance : 0;
        }

        double at(double seconds) {
            return mean() + slope() * (seconds - meanAt());
        }

        private double meanAt() {
            return samples.stream().mapToDouble(Sample::at).average().orElse(0);
        }

        private double mean() {
            return samples.stream().mapToDouble(Sample::value).average().orElse(0);
        }
    }
}
