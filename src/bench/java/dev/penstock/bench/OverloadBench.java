package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.model.OnnxModels;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * Measures the gate under overload. The model's capacity is far below that of the ingress. One open loop offers more and more load in
 * steps, so that each second can be examined.
 *
 * <p>The model counts to a number, one request at a time, on one core. Its capacity neither grows with the load, nor shrinks when the
 * ingress, the broker and the load generator use the memory or the other cores. An accelerator would behave in the same way.
 */
final class OverloadBench {
    private static final Path PLOT = Path.of("target/bench/overload.svg");
    private static final Path MODELS = Path.of("target/bench/overload-models");
    private static final String MODEL = "counts";
    private static final int PEAK_CONNECTIONS = 64;
    /** The number of different requests. Each adds its number to the turns, and gets it back in the response. */
    private static final int DIFFERENT = 50;

    private static final int OPEN_LOOP_CONNECTIONS = 2000;

    /** The length of the calm parts between overloads, at half of the peak. */
    private static final int CALM_SECONDS = 15;

    /**
     * @param turns iterations per request, some microseconds each
     * @param factors the offered loads, as multiples of the peak
     * @param deadlineMillis of each call
     * @param seconds per overload; the peak is measured for half as long
     * @param warmUpSeconds of load before the peak is measured
     */
    record Settings(int turns, List<Integer> factors, int deadlineMillis, int seconds, int warmUpSeconds) {}

    /** @param lastRefusalSeconds from the start of the part; for a calm part, from the drop of the load */
    record Phase(CallLog.Part calls, double lastRefusalSeconds, long residentMegabytes) {}

    private final Settings settings;
    private final PrintStream out;

    OverloadBench(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints the table, writes the report and the plot, and returns the number of responses that are neither correct nor a refusal. */
    long run() throws IOException, InterruptedException {
        OnnxModels.write(MODELS, MODEL, 1, OnnxModels.patience(settings.turns()));
        OnnxModels.writeConfig(
                MODELS, MODEL, "max_batch_size: 1\nexecution_providers: [{cpu: {concurrent_runs: 1}}]\n");
        try (LocalService service = LocalService.start(LocalService.Setup.of(MODELS, List.of(MODEL)))) {
            HttpLoad closed = load(service.target(), List.of()).withConnections(PEAK_CONNECTIONS);
            closed.withExtent(lasting(settings.warmUpSeconds())).run();
            LoadResult peak = closed.withExtent(lasting(Math.max(1, settings.seconds() / 2)))
                    .run();
            double rate = peak.throughputPerSecond();
            out.printf("peak: %.0f/s over %d connections%n", rate, PEAK_CONNECTIONS);
            HttpLoad load = load(service.target(), List.of("Penstock-Timeout-Ms: " + settings.deadlineMillis()));
            HttpLoad.Steps steps = steps(rate);
            CallLog log = new CallLog(steps, settings.deadlineMillis());
            List<Long> megabytes = new ArrayList<>();
            try (ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
                clock.scheduleAtFixedRate(() -> megabytes.add(megabytes(service)), 0, 1, TimeUnit.SECONDS);
                load.withRequests(log.of(load.requests()))
                        .withCheck(log.of(load.check()))
                        .withConnections(OPEN_LOOP_CONNECTIONS)
                        .withPace(steps)
                        .withExtent(new HttpLoad.Lasting(steps.duration()))
                        .run();
            }
            Map<String, Phase> phases = phases(log, megabytes);
            out.println();
            out.print(table(phases, rate));
            out.println("deadline " + settings.deadlineMillis()
                    + " ms; latency from the intended start; goodput: correct responses within the deadline, in % of the peak of "
                    + Math.round(rate) + "/s");
            plot(log, steps);
            Map<String, Object> results = new LinkedHashMap<>(phases);
            results.put("peak", peak);
            out.println("wrote " + Report.now("overload", settings, results).write() + " and " + PLOT);
            return phases.values().stream()
                    .mapToLong(phase -> phase.calls().lost())
                    .sum();
        }
    }

    private static long megabytes(LocalService service) {
        try {
            return service.residentBytes() >> 20;
        } catch (IOException ended) {
            throw new UncheckedIOException(ended);
        }
    }

    private static HttpLoad load(Target target, List<String> headers) {
        PostTemplate post = new PostTemplate(target.infer(MODEL), headers);
        return HttpLoad.of(target.http(), i -> post.with(body(i)))
                .withCheck((i, status, body) -> new String(body, UTF_8).contains("\"data\":[" + i % DIFFERENT + "]"));
    }

    private static byte[] body(int i) {
        return ("{\"inputs\":[{\"name\":\"turns\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[" + i % DIFFERENT
                        + "]}]}")
                .getBytes(UTF_8);
    }

    private static HttpLoad.Lasting lasting(int seconds) {
        return new HttpLoad.Lasting(Duration.ofSeconds(seconds));
    }

    private HttpLoad.Steps steps(double peak) {
        List<HttpLoad.Step> steps = new ArrayList<>();
        HttpLoad.Step calm = new HttpLoad.Step(peak / 2, Duration.ofSeconds(CALM_SECONDS));
        steps.add(calm);
        for (int factor : settings.factors()) {
            steps.add(new HttpLoad.Step(peak * factor, Duration.ofSeconds(settings.seconds())));
            steps.add(calm);
        }
        return new HttpLoad.Steps(steps);
    }

    private Map<String, Phase> phases(CallLog log, List<Long> megabytes) {
        Map<String, Phase> phases = new LinkedHashMap<>();
        int from = 0;
        phases.put("0.5 x before", phase(log, megabytes, from, CALM_SECONDS));
        for (int factor : settings.factors()) {
            from += CALM_SECONDS;
            phases.put(factor + " x", phase(log, megabytes, from, settings.seconds()));
            from += settings.seconds();
            phases.put("0.5 x after " + factor + " x", phase(log, megabytes, from, CALM_SECONDS));
        }
        return phases;
    }

    private static Phase phase(CallLog log, List<Long> megabytes, int from, int seconds) {
        int to = from + seconds;
        return new Phase(
                log.part(from, to),
                log.lastRefusalAfter(from, to),
                megabytes.isEmpty() ? 0 : megabytes.get(Math.min(to, megabytes.size() - 1)));
    }

    private static Table table(Map<String, Phase> phases, double peak) {
        Table table = new Table(
                "offered",
                "offered/s",
                "admitted/s",
                "refused/s",
                "goodput/s",
                "goodput %",
                "too late/s",
                "p50 ms",
                "p99 ms",
                "refused p50 ms",
                "refused p99 ms",
                "last refusal s",
                "resident MB",
                "lost");
        phases.forEach((name, phase) -> {
            CallLog.Part calls = phase.calls();
            table.add(
                    name,
                    "%,.0f".formatted(calls.perSecond(calls.offered())),
                    "%,.0f".formatted(calls.perSecond(calls.admitted())),
                    "%,.0f".formatted(calls.perSecond(calls.refused())),
                    "%,.0f".formatted(calls.perSecond(calls.inTime())),
                    "%.1f".formatted(100 * calls.perSecond(calls.inTime()) / peak),
                    "%.1f".formatted(calls.perSecond(calls.late())),
                    "%.1f".formatted(calls.admission().p50Millis()),
                    "%.1f".formatted(calls.admission().p99Millis()),
                    "%.1f".formatted(calls.refusal().p50Millis()),
                    "%.1f".formatted(calls.refusal().p99Millis()),
                    "%.1f".formatted(phase.lastRefusalSeconds()),
                    Long.toString(phase.residentMegabytes()),
                    Long.toString(calls.lost()));
        });
        return table;
    }

    private static void plot(CallLog log, HttpLoad.Steps steps) throws IOException {
        List<CallLog.Part> seconds = IntStream.range(0, (int) steps.duration().toSeconds())
                .mapToObj(second -> log.part(second, second + 1))
                .toList();
        Chart.lines("Overload: fate of the calls, by the second in which they are due", "seconds", "calls/s")
                .with("offered", of(seconds, CallLog.Part::offered))
                .with("admitted", of(seconds, CallLog.Part::admitted))
                .with("refused", of(seconds, CallLog.Part::refused))
                .with("goodput: answered in time", of(seconds, CallLog.Part::inTime))
                .withLogarithmicAxis()
                .write(PLOT);
    }

    private static double[] of(List<CallLog.Part> seconds, ToLongFunction<CallLog.Part> count) {
        return seconds.stream().mapToLong(count).asDoubleStream().toArray();
    }
}
