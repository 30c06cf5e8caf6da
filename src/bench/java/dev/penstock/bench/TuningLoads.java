package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import dev.penstock.bench.TuningBench.Comparison;
import dev.penstock.bench.TuningBench.Variant;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The loads of {@link TuningBench} on one service and its copies of a model. */
final class TuningLoads {
    static final HttpLoad.Pace CLOSED_LOOP = new HttpLoad.ClosedLoop();

    private static final Duration SETTLE = Duration.ofMillis(500);
    private static final int CLOSED_LOOP_CONNECTIONS = 256;
    private static final int OPEN_LOOP_CONNECTIONS = 512;

    private final Target target;
    private final Workload workload;
    private final WorkloadCorpus corpus;
    private final TuningBench.Settings settings;
    private final PrintStream out;

    TuningLoads(Target target, Workload workload, TuningBench.Settings settings, PrintStream out) throws OrtException {
        this.target = target;
        this.workload = workload;
        this.corpus = new WorkloadCorpus(workload, workload.binary());
        this.settings = settings;
        this.out = out;
    }

    void warmUp(Variant variant) throws IOException {
        if (settings.warmUpSeconds() > 0) {
            load(variant, CLOSED_LOOP)
                    .withExtent(new HttpLoad.Lasting(Duration.ofSeconds(settings.warmUpSeconds())))
                    .run();
        }
    }

    /** Runs all variants one after the other, to find the best. */
    List<LoadResult> trials(Variant variant, HttpLoad.Pace pace) throws IOException {
        List<LoadResult> results = new ArrayList<>();
        for (int round = 0; round < settings.rounds(); round++) {
            results.add(measure(variant, pace));
        }
        return results;
    }

    /** Runs both under the same load, alternating which goes first. */
    Comparison finals(String load, HttpLoad.Pace pace, Variant standard, Variant fixed) throws IOException {
        out.println(load);
        List<LoadResult> ofStandard = new ArrayList<>();
        List<LoadResult> ofFixed = new ArrayList<>();
        for (int round = 0; round < settings.finals(); round++) {
            if (round % 2 == 0) {
                ofStandard.add(measure(standard, pace));
            }
            ofFixed.add(measure(fixed, pace));
            if (round % 2 == 1) {
                ofStandard.add(measure(standard, pace));
            }
        }
        return new Comparison(load, fixed.title(), ofStandard, ofFixed);
    }

    private LoadResult measure(Variant variant, HttpLoad.Pace pace) throws IOException {
        LoadResult result = load(variant, pace)
                .withWarmUp(SETTLE)
                .withExtent(new HttpLoad.Lasting(Duration.ofSeconds(settings.seconds())))
                .run();
        out.printf(
                "  %-12s %,9.0f/s, p50 %.2f ms, p99 %.2f ms, %d errors%n",
                variant.title(),
                result.throughputPerSecond(),
                result.latency().p50Millis(),
                result.latency().p99Millis(),
                result.errors());
        return result;
    }

    private HttpLoad load(Variant variant, HttpLoad.Pace pace) {
        URI uri = target.infer(workload.model() + variant.suffix());
        PostTemplate post = corpus.isBinary()
                ? PostTemplate.binary(uri, corpus.jsonLength(), List.of())
                : new PostTemplate(uri, List.of());
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withPace(pace)
                .withConnections(pace.equals(CLOSED_LOOP) ? CLOSED_LOOP_CONNECTIONS : OPEN_LOOP_CONNECTIONS)
                .withCheck((i, status, body) -> corpus.check(i, body));
    }
}
