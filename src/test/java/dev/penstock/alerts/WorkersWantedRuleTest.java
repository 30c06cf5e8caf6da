package dev.penstock.alerts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.simulation.autoscale.scaler.WorkersWanted;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holds the recording rules for autoscalers and their copy in the simulation together: Prometheus' own tool evaluates the rules. */
final class WorkersWantedRuleTest {
    private static final int SCRAPE_SECONDS = 15;
    private static final int SCRAPES = 80;
    private static final double TOLERANCE = 0.03;

    @TempDir
    private Path folder;

    @Test
    void wantsWhatASteadyLoadNeedsAndRoomForGrowth() throws Exception {
        Load steady = new Load(seconds -> 1000 * seconds, seconds -> 0, seconds -> 60);

        assertThat(steady.wanted()).isCloseTo((1000 / 0.55 + 60 / 30.0) / 284, within(1e-6));
        promtoolAgrees(steady);
    }

    @Test
    void looksAheadOfARamp() throws Exception {
        // 6 rows per second more each second. The rate of a minute is about half a minute old.
        Load ramp = new Load(seconds -> 500 * seconds + 3 * seconds * seconds, seconds -> 0, seconds -> 0);
        double whenReady = 500 + 6 * (ramp.end() - 30 + 150);

        assertThat(ramp.wanted() * 284 * 0.55).isBetween(0.98 * whenReady, 1.02 * whenReady);
        promtoolAgrees(ramp);
    }

    @Test
    void countsWhatIsRefusedAndWhatTheBacklogGrowsBy() throws Exception {
        Load overload = new Load(seconds -> 800 * seconds, seconds -> 200 * seconds, seconds -> 5 * seconds);

        assertThat(overload.wanted()).isGreaterThan(1000 / 0.55 / 284);
        promtoolAgrees(overload);
    }

    /** A full worker that only drains its backlog needs no second one. */
    @Test
    void drainingABacklogIsNoLoad() throws Exception {
        Load draining = new Load(seconds -> 284 * seconds, seconds -> 0, seconds -> 1_000_000 - 184 * seconds);

        assertThat(draining.wantedForLoadAlone()).isLessThan(1);
        promtoolAgrees(draining);
    }

    @Test
    void wantsNoneForAModelThatNobodyAsksFor() throws Exception {
        Load none = new Load(seconds -> 0, seconds -> 0, seconds -> 0);

        assertThat(none.wanted()).isZero();
        promtoolAgrees(none);
    }

    /** Counters and a gauge over time, of one worker with a capacity of 284 rows/s. */
    private record Load(DoubleUnaryOperator ran, DoubleUnaryOperator lost, DoubleUnaryOperator backlog) {
        double end() {
            return (SCRAPES - 1.0) * SCRAPE_SECONDS;
        }

        double wanted() {
            WorkersWanted rule = new WorkersWanted();
            double wanted = 0;
            for (int i = 0; i < SCRAPES; i++) {
                double now = i * SCRAPE_SECONDS;
                rule.scraped(now, ran.applyAsDouble(now), lost.applyAsDouble(now), backlog.applyAsDouble(now), 284);
                wanted = rule.evaluate(now);
            }
            return wanted;
        }

        double wantedForLoadAlone() {
            return wanted() - backlog.applyAsDouble(end()) / 30 / 284;
        }

        String values(DoubleUnaryOperator series) {
            return IntStream.range(0, SCRAPES)
                    .mapToObj(i -> String.format(Locale.ROOT, "%.3f", series.applyAsDouble(i * SCRAPE_SECONDS)))
                    .collect(Collectors.joining(" "));
        }
    }

    private void promtoolAgrees(Load load) throws Exception {
        Promtool.assumeInstalled();
        Files.writeString(folder.resolve("rules.yml"), AlertRules.source().plain());
        List<String> lines = new ArrayList<>(List.of(
                "rule_files: [rules.yml]",
                "evaluation_interval: 15s",
                "tests:",
                "  - interval: 15s",
                "    input_series:"));
        add(lines, "inference_batch_size_sum{model=\"m\",instance=\"a\"}", load.values(load.ran));
        add(lines, "inference_requests_total{model=\"m\",outcome=\"succeeded\",instance=\"a\"}", load.values(load.ran));
        add(lines, "inference_requests_total{model=\"m\",outcome=\"failed\",instance=\"a\"}", load.values(at -> 0));
        add(lines, "inference_rejected_total{model=\"m\",reason=\"capacity\",instance=\"i\"}", load.values(load.lost));
        add(
                lines,
                "inference_rejected_total{model=\"m\",reason=\"quota-rows\",instance=\"i\"}",
                load.values(at -> 7 * at));
        add(
                lines,
                "inference_backlog_rows{model=\"m\",lane=\"interactive\",instance=\"a\"}",
                load.values(load.backlog));
        add(lines, "inference_backlog_rows{model=\"m\",lane=\"bulk\",instance=\"a\"}", load.values(at -> 0));
        add(lines, "inference_capacity_rows_per_second{model=\"m\",instance=\"a\"}", load.values(at -> 284));
        // A worker that has not measured its runs yet does not count.
        add(lines, "inference_capacity_rows_per_second{model=\"m\",instance=\"b\"}", load.values(at -> 0));
        double wanted = load.wanted();
        double spread = Math.max(1e-6, TOLERANCE * wanted);
        lines.add("    promql_expr_test:");
        lines.add(String.format(
                Locale.ROOT,
                "      - expr: '(penstock:workers_wanted >= bool %.6f) * (penstock:workers_wanted <= bool %.6f)'",
                wanted - spread,
                wanted + spread));
        lines.add("        eval_time: " + (int) load.end() + "s");
        lines.add("        exp_samples: [{labels: '{model=\"m\"}', value: 1}]");
        Path tests = Files.write(folder.resolve("tests.yml"), lines);

        Promtool.passes("test", "rules", tests.toString());
    }

    private static void add(List<String> lines, String series, String values) {
        lines.add("      - series: '" + series + "'");
        lines.add("        values: '" + values + "'");
    }
}
