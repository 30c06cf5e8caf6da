package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import dev.penstock.bench.BatchingBench.Copy;
import dev.penstock.bench.BatchingBench.Sample;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/** The loads of {@link BatchingBench} on one service and its two copies of a model. */
final class BatchingLoads {
    static final String IDLE = "idle";
    static final String SATURATING = "open, saturates batch size 1";

    /** A short warm-up per measurement, for its new connections; the service itself is warm by then. */
    private static final Duration SETTLE = Duration.ofMillis(500);

    private static final int WARM_UP_CONNECTIONS = 64;
    private static final int OPEN_LOOP_CONNECTIONS = 512;
    private static final int SATURATING_PERCENT = 130;
    private static final List<Integer> PERCENTS = List.of(10, 50, 95);
    private static final HttpLoad.Pace CLOSED_LOOP = new HttpLoad.ClosedLoop();

    private final Target target;
    private final Workload workload;
    private final WorkloadCorpus corpus;
    private final BatchingBench.Settings settings;
    private final PrintStream out;

    BatchingLoads(
            Target target, Workload workload, WorkloadCorpus corpus, BatchingBench.Settings settings, PrintStream out) {
        this.target = target;
        this.workload = workload;
        this.corpus = corpus;
        this.settings = settings;
        this.out = out;
    }

    static String closedLoop(int connections) {
        return connections + " connections";
    }

    static boolean isClosedLoop(String load) {
        return load.endsWith(" connections");
    }

    /** Spends half of the time on a cheap model. Beside a model that uses all cores, the JIT would need many minutes. */
    void warmUp() throws IOException, OrtException {
        Duration half = Duration.ofMillis(settings.warmUpSeconds() * 500L);
        WorkloadCorpus digits = new WorkloadCorpus(Workload.named(BatchingBench.WARMING), false);
        PostTemplate post = new PostTemplate(target.infer(BatchingBench.WARMING), List.of());
        HttpLoad.of(target.http(), i -> post.with(digits.body(i)))
                .withConnections(WARM_UP_CONNECTIONS)
                .withExtent(new HttpLoad.Lasting(half))
                .run();
        Duration each = half.dividedBy(Copy.values().length);
        for (Copy copy : Copy.values()) {
            load(copy)
                    .withConnections(WARM_UP_CONNECTIONS)
                    .withExtent(new HttpLoad.Lasting(each))
                    .run();
        }
    }

    /** Runs all loads once. The rates of the open loops follow from the throughput of the closed loops. */
    void round(int round, List<Sample> samples) throws IOException, InterruptedException {
        both(round, IDLE, 1, CLOSED_LOOP, samples);
        Rates most = new Rates(0, 0);
        for (int connections : settings.connections()) {
            Rates rates = both(round, closedLoop(connections), connections, CLOSED_LOOP, samples);
            most = new Rates(Math.max(most.oneByOne, rates.oneByOne), Math.max(most.adaptive, rates.adaptive));
        }
        openLoop(round, SATURATING, most.oneByOne * SATURATING_PERCENT / 100, true, samples);
        for (int percent : PERCENTS) {
            double rate = most.adaptive * percent / 100;
            // Above its throughput, the queue of batch size 1 would only grow.
            openLoop(round, "open, " + percent + " %", rate, rate < most.oneByOne * 0.95, samples);
        }
    }

    private void openLoop(int round, String name, double ratePerSecond, boolean both, List<Sample> samples)
            throws IOException, InterruptedException {
        HttpLoad.Pace pace = new HttpLoad.OpenLoop(Math.clamp(ratePerSecond, 1, 1e6));
        if (both) {
            both(round, name, OPEN_LOOP_CONNECTIONS, pace, samples);
        } else {
            sample(Copy.ADAPTIVE, name, OPEN_LOOP_CONNECTIONS, pace, samples);
        }
    }

    /** Served requests per second. */
    private record Rates(double oneByOne, double adaptive) {}

    /** Runs both copies under the same load, alternating which goes first. */
    private Rates both(int round, String name, int connections, HttpLoad.Pace pace, List<Sample> samples)
            throws IOException, InterruptedException {
        if (round % 2 == 1) {
            double oneByOne = sample(Copy.ONE_BY_ONE, name, connections, pace, samples);
            return new Rates(oneByOne, sample(Copy.ADAPTIVE, name, connections, pace, samples));
        }
        double adaptive = sample(Copy.ADAPTIVE, name, connections, pace, samples);
        return new Rates(sample(Copy.ONE_BY_ONE, name, connections, pace, samples), adaptive);
    }

    private double sample(Copy copy, String name, int connections, HttpLoad.Pace pace, List<Sample> samples)
            throws IOException, InterruptedException {
        String model = copy.model(workload);
        BatchSizes before = BatchSizes.scrape(target.management(), model);
        LoadResult result = load(copy)
                .withConnections(connections)
                .withPace(pace)
                .withWarmUp(SETTLE)
                .withExtent(new HttpLoad.Lasting(Duration.ofSeconds(settings.seconds())))
                .run();
        double meanBatch = BatchSizes.scrape(target.management(), model).meanSince(before);
        out.printf(
                "  %-28s %-12s %,9.0f/s, p50 %.2f ms, p99 %.2f ms, mean batch %.1f, %d errors%n",
                name,
                copy.title(),
                result.throughputPerSecond(),
                result.latency().p50Millis(),
                result.latency().p99Millis(),
                meanBatch,
                result.errors());
        samples.add(new Sample(copy, name, result, meanBatch));
        return result.throughputPerSecond();
    }

    private HttpLoad load(Copy copy) {
        URI uri = target.infer(copy.model(workload));
        PostTemplate post = corpus.isBinary()
                ? PostTemplate.binary(uri, corpus.jsonLength(), List.of())
                : new PostTemplate(uri, List.of());
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withCheck((i, status, body) -> corpus.check(i, body));
    }
}
