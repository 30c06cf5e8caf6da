package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Measures the gain of batching. One service serves the same model twice, once under a second name with {@code max_batch_size: 1}. Both
 * copies are loaded in turns.
 */
final class BatchingBench {
    private static final Path SERVED = Path.of("target/bench/served");
    private static final Path PLOTS = Path.of("target/bench");

    /** A cheap model, so that the JIT soon compiles the code that all models share. */
    static final String WARMING = "digits";

    private static final String COPY = "-one-by-one";

    /**
     * @param form {@code json}, {@code binary}, or {@code own} for each model's default
     * @param warmUpSeconds of load on each service, half of it per copy
     * @param limitSeconds per measurement of the raw session; 0 reads {@code target/bench/limit.json}
     */
    record Settings(
            List<String> models,
            Processor processor,
            String form,
            List<Integer> connections,
            int seconds,
            int warmUpSeconds,
            int rounds,
            int limitSeconds) {}

    enum Copy {
        ONE_BY_ONE("batch size 1"),
        ADAPTIVE("adaptive");

        private final String title;

        Copy(String title) {
            this.title = title;
        }

        String title() {
            return title;
        }

        String model(Workload workload) {
            return workload.model() + (this == ONE_BY_ONE ? COPY : "");
        }
    }

    /** One measurement in one round. */
    record Sample(Copy copy, String load, LoadResult result, double meanBatch) {}

    /**
     * @param limits rows per second of the raw session at its best batch size, measured before each round
     * @param limitAt the best batch size
     */
    record Outcome(List<Double> limits, int limitAt, List<Sample> samples) {
        double limit() {
            return limits.stream()
                    .sorted()
                    .skip((limits.size() - 1) / 2)
                    .findFirst()
                    .orElseThrow();
        }

        List<Sample> of(Copy copy, String load) {
            return samples.stream()
                    .filter(sample -> sample.copy == copy && sample.load.equals(load))
                    .toList();
        }

        List<String> loads() {
            return samples.stream().map(Sample::load).distinct().toList();
        }

        /** How much longer a single caller's p50 is than without batching, in milliseconds: the median over the rounds. */
        double idleMillis() {
            List<Sample> without = of(Copy.ONE_BY_ONE, BatchingLoads.IDLE);
            List<Sample> with = of(Copy.ADAPTIVE, BatchingLoads.IDLE);
            double[] longer = IntStream.range(0, Math.min(without.size(), with.size()))
                    .mapToDouble(round -> with.get(round).result.latency().p50Millis()
                            - without.get(round).result.latency().p50Millis())
                    .sorted()
                    .toArray();
            return (longer[(longer.length - 1) / 2] + longer[longer.length / 2]) / 2;
        }

        /** The median; NaN when it was not measured. */
        double median(Copy copy, String load, ToDoubleFunction<LoadResult> measure) {
            List<LoadResult> results =
                    of(copy, load).stream().map(Sample::result).toList();
            return results.isEmpty() ? Double.NaN : SyncBench.median(results, measure);
        }
    }

    private final Settings settings;
    private final PrintStream out;

    BatchingBench(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints the tables, writes the report and the plots, and returns the number of errors. */
    long run() throws IOException, OrtException, InterruptedException {
        Map<String, Outcome> outcomes = new LinkedHashMap<>();
        for (String name : settings.models()) {
            Outcome outcome = measure(Workload.named(name));
            outcomes.put(name, outcome);
            out.println();
            out.print(table(name, outcome));
            out.printf("idle: batching changes a single caller's p50 by %+.2f ms%n", outcome.idleMillis());
            out.printf(
                    "raw session at its best: %,.0f rows/s, at %d rows per run%n%n",
                    outcome.limit(), outcome.limitAt());
        }
        out.println("median of " + settings.rounds() + " rounds (lowest-highest); every response is checked; open loops"
                + " measure latency from the intended start; efficiency is rows/s divided by the raw session's best");
        BatchingPlots.write(PLOTS, outcomes);
        out.println(
                "wrote " + Report.now("batching", settings, outcomes).write() + " and " + PLOTS + "/batching-*.svg");
        return outcomes.values().stream()
                .flatMap(outcome -> outcome.samples().stream())
                .mapToLong(sample -> sample.result().errors())
                .sum();
    }

    private Outcome measure(Workload workload) throws IOException, OrtException, InterruptedException {
        LimitBench limit = new LimitBench(settings.processor(), out);
        Duration limitDuration = Duration.ofSeconds(Math.max(1, settings.limitSeconds()));
        LimitBench.Point best = LimitBench.best(
                settings.limitSeconds() == 0
                        ? LimitBench.read(workload.name())
                        : limit.measure(workload, limitDuration));
        WorkloadCorpus corpus = new WorkloadCorpus(
                workload,
                settings.processor(),
                settings.form().equals("own")
                        ? workload.binary()
                        : settings.form().equals("binary"));
        List<String> names = List.of(WARMING, Copy.ONE_BY_ONE.model(workload), Copy.ADAPTIVE.model(workload));
        try (LocalService service =
                LocalService.start(LocalService.Setup.of(serve(workload, settings.processor()), names))) {
            BatchingLoads loads = new BatchingLoads(service.target(), workload, corpus, settings, out);
            if (settings.warmUpSeconds() > 0) {
                out.printf("%s: warm-up, %d s%n", workload.name(), settings.warmUpSeconds());
                loads.warmUp();
            }
            List<Double> limits = new ArrayList<>();
            List<Sample> samples = new ArrayList<>();
            for (int round = 1; round <= settings.rounds(); round++) {
                // Measured before each round, since the machine's own speed varies within minutes.
                limits.add(limit.again(workload, best, limitDuration));
                loads.round(round, samples);
            }
            return new Outcome(limits, best.batchSize(), samples);
        }
    }

    /** Writes the model's folder, its copy, which differs in the maximum batch size only, and the warm-up model. */
    static Path serve(Workload workload, Processor processor) throws IOException {
        Path repository = SERVED.resolve(workload.model());
        Path warming = repository.resolve(WARMING);
        Files.createDirectories(warming.resolve("1"));
        Files.copy(
                Workload.named(WARMING).file(), warming.resolve("1/model.onnx"), StandardCopyOption.REPLACE_EXISTING);
        for (Copy copy : Copy.values()) {
            Path folder = repository.resolve(copy.model(workload));
            Files.createDirectories(folder.resolve("1"));
            Files.copy(workload.file(), folder.resolve("1/model.onnx"), StandardCopyOption.REPLACE_EXISTING);
            Path yaml = workload.folder().resolve("model.yaml");
            String config = (Files.exists(yaml) ? Files.readString(yaml) : "") + processor.executionProviders();
            Files.writeString(folder.resolve("model.yaml"), copy == Copy.ADAPTIVE ? config : oneByOne(config));
        }
        return repository;
    }

    static String oneByOne(String config) {
        StringBuilder changed = new StringBuilder();
        config.lines()
                .filter(line -> !line.startsWith("max_batch_size:") && !line.startsWith("preferred_batch_sizes:"))
                .forEach(line -> changed.append(line).append('\n'));
        return changed.append("max_batch_size: 1\n").toString();
    }

    private Table table(String name, Outcome outcome) {
        Table table = new Table(
                name, "rows/s", "p50 ms", "p99 ms", "p99.9 ms", "mean ms", "mean batch", "efficiency", "errors");
        for (String load : outcome.loads()) {
            for (Copy copy : Copy.values()) {
                List<Sample> samples = outcome.of(copy, load);
                List<LoadResult> results = samples.stream().map(Sample::result).toList();
                if (!samples.isEmpty()) {
                    double rate = SyncBench.median(results, LoadResult::throughputPerSecond);
                    table.add(
                            load + ", " + copy.title(),
                            SyncBench.spread("%,.0f", results, LoadResult::throughputPerSecond),
                            SyncBench.spread(
                                    "%.2f", results, result -> result.latency().p50Millis()),
                            SyncBench.spread(
                                    "%.2f", results, result -> result.latency().p99Millis()),
                            "%.2f"
                                    .formatted(SyncBench.median(
                                            results, result -> result.latency().p999Millis())),
                            "%.2f"
                                    .formatted(SyncBench.median(
                                            results, result -> result.latency().meanMillis())),
                            "%.1f"
                                    .formatted(samples.stream()
                                            .mapToDouble(Sample::meanBatch)
                                            .average()
                                            .orElse(0)),
                            "%.2f".formatted(rate / outcome.limit()),
                            Long.toString(results.stream()
                                    .mapToLong(LoadResult::errors)
                                    .sum()));
                }
            }
        }
        return table;
    }
}
