package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.onnxruntime.OrtException;
import dev.penstock.local.LocalStack;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Sha256;
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
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * Measures how the cost of a request grows: with its size, and with what else there is. Each dimension has a few points, whose services run
 * at the same time, and the load goes to one after the other.
 */
final class GrowthBench {
    static final String CONNECTIONS = "connections";
    static final String ROWS = "rows";
    static final String KIB = "kib";
    static final String MODELS = "models";
    static final String PARTITIONS = "partitions";
    static final String TENANTS = "tenants";
    static final String QUOTAS = "quotas";
    static final String PENDING = "pending";

    private static final Path FOLDER = Path.of("target/bench");
    private static final Path ECHO = FOLDER.resolve("growth-echo");
    private static final Duration SETTLE = Duration.ofSeconds(1);
    private static final int CALLERS = 64;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** No request may expire, however many wait before it. */
    private static final Duration DEADLINE = Duration.ofHours(1);

    /** @param dimensions by name, the values to be measured, of which the others are told as multiples of the first */
    record Settings(Map<String, List<Integer>> dimensions, int seconds, int warmUpSeconds, int rounds) {}

    private record Point(int value, Contender contender, TimedLoad load) {
        /** @param load of HTTP, to a service */
        static Point of(int value, Contender contender, Function<Target, HttpLoad> load) {
            return new Point(
                    value,
                    contender,
                    (target, lasting) -> load.apply(target)
                            .withExtent(new HttpLoad.Lasting(lasting))
                            .run());
        }
    }

    private final Settings settings;
    private final PrintStream out;

    GrowthBench(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints a table of each dimension, writes the report and the plots, and returns the number of errors. */
    long run() throws IOException, InterruptedException, OrtException {
        Map<String, Map<Integer, List<CallCost>>> results = new LinkedHashMap<>();
        for (Map.Entry<String, List<Integer>> dimension : settings.dimensions().entrySet()) {
            Map<Integer, List<CallCost>> costs = measure(dimension.getKey(), dimension.getValue());
            results.put(dimension.getKey(), costs);
            out.println();
            out.print(table(dimension.getKey(), costs));
            out.println("wrote " + plot(dimension.getKey(), costs));
        }
        out.println("medians of " + settings.rounds() + " rounds (lowest-highest); every response is checked");
        out.println("wrote " + Report.now("growth", settings, results).write());
        return results.values().stream()
                .flatMap(costs -> costs.values().stream())
                .flatMap(List::stream)
                .mapToLong(cost -> cost.result().errors())
                .sum();
    }

    private Map<Integer, List<CallCost>> measure(String dimension, List<Integer> values)
            throws IOException, InterruptedException, OrtException {
        List<Contender> started = new ArrayList<>();
        try {
            List<Point> points = points(dimension, values, started);
            for (Point point : points) {
                out.printf("%s: warm-up of %,d%n", dimension, point.value);
                run(point, Duration.ofSeconds(settings.warmUpSeconds()));
            }
            Map<Integer, List<CallCost>> costs = new LinkedHashMap<>();
            points.forEach(point -> costs.put(point.value, new ArrayList<>()));
            for (int round = 1; round <= settings.rounds(); round++) {
                for (Point point : round % 2 == 0 ? points.reversed() : points) {
                    run(point, SETTLE);
                    CallCost cost = point.contender.measure(
                            dimension + ", " + point.value, () -> run(point, Duration.ofSeconds(settings.seconds())));
                    out.printf(
                            "%s, round %d of %d, %,d: %,.0f/s, %.0f us a call, %d errors%n",
                            dimension,
                            round,
                            settings.rounds(),
                            point.value,
                            cost.result().throughputPerSecond(),
                            cost.cpuMicros(),
                            cost.result().errors());
                    costs.computeIfAbsent(point.value, value -> new ArrayList<>())
                            .add(cost);
                }
            }
            return costs;
        } finally {
            started.forEach(Contender::close);
        }
    }

    private static LoadResult run(Point point, Duration lasting) throws IOException, InterruptedException {
        return point.load.run(point.contender.target(), lasting);
    }

    /** @param started gets the services, also when one of them does not start */
    private static List<Point> points(String dimension, List<Integer> values, List<Contender> started)
            throws IOException, InterruptedException, OrtException {
        Workload digits = Workload.named("digits");
        List<Point> points = new ArrayList<>();
        switch (dimension) {
            case CONNECTIONS -> {
                Contender one = start(models(1), Map.of(), started);
                Corpus corpus = WorkloadCorpus.inJson(digits);
                values.forEach(callers -> points.add(Point.of(
                        callers,
                        one,
                        target -> load(target, digits.model(), corpus).withConnections(callers))));
            }
            case ROWS -> {
                Contender one = start(models(1), Map.of(), started);
                for (int rows : values) {
                    Corpus corpus = WorkloadCorpus.inJson(digits.withRows(rows));
                    points.add(Point.of(rows, one, target -> load(target, digits.model(), corpus)));
                }
            }
            case KIB -> {
                Workload echo = Workload.echo(ECHO, 1);
                Contender one = start(ECHO, Map.of(), started);
                for (int kib : values) {
                    WorkloadCorpus corpus = new WorkloadCorpus(Workload.echo(ECHO, kib), true);
                    points.add(Point.of(kib, one, target -> binary(target, echo.model(), corpus)));
                }
            }
            case MODELS -> {
                Corpus corpus = WorkloadCorpus.inJson(digits);
                for (int models : values) {
                    Contender each = start(models(models), Map.of(), started);
                    points.add(Point.of(models, each, target -> load(target, digits.model(), corpus)));
                }
            }
            case PARTITIONS -> {
                Corpus corpus = WorkloadCorpus.inJson(digits);
                for (int partitions : values) {
                    Map<String, String> topics =
                            Map.of("penstock.topics.request-partitions", Integer.toString(partitions));
                    Contender each = start(models(1), topics, started);
                    points.add(Point.of(partitions, each, target -> load(target, digits.model(), corpus)));
                }
            }
            case TENANTS, QUOTAS -> {
                Corpus corpus = WorkloadCorpus.inJson(digits);
                for (int tenants : values) {
                    Contender each = start(models(1), identity(dimension, tenants), started);
                    points.add(Point.of(tenants, each, target -> inTurns(target, digits.model(), corpus, tenants)));
                }
            }
            case PENDING -> {
                Corpus corpus = WorkloadCorpus.inJson(digits);
                Contender one = start(models(1), Map.of(), started);
                for (int pending : values) {
                    points.add(new Point(pending, one, byKafka(digits.model(), corpus, pending)));
                }
            }
            default -> throw new IllegalArgumentException("no dimension " + dimension);
        }
        return points;
    }

    private static Contender start(Path models, Map<String, String> settings, List<Contender> started)
            throws IOException, InterruptedException {
        Contender contender =
                Contenders.together("growth", Contenders.Build.ofThis("growth-" + started.size()), models, settings);
        started.add(contender);
        return contender;
    }

    /** A folder with so many models of the same kind, of which the first is called. */
    private static Path models(int count) throws IOException {
        Workload digits = Workload.named("digits");
        Path folder = FOLDER.resolve("growth-models-" + count);
        for (int i = 0; i < count; i++) {
            Path model = folder.resolve(i == 0 ? digits.model() : digits.model() + "-" + i);
            Files.createDirectories(model.resolve("1"));
            Files.copy(digits.file(), model.resolve("1/model.onnx"), StandardCopyOption.REPLACE_EXISTING);
        }
        return folder;
    }

    private static HttpLoad load(Target target, String model, Corpus corpus) {
        PostTemplate post = new PostTemplate(target.infer(model), List.of());
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withCheck((i, status, body) -> corpus.check(i, body))
                .withConnections(CALLERS);
    }

    private static HttpLoad binary(Target target, String model, WorkloadCorpus corpus) {
        PostTemplate post = PostTemplate.binary(target.infer(model), corpus.jsonLength(), List.of());
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withCheck((i, status, body) -> corpus.check(i, body))
                .withConnections(CALLERS);
    }

    /** Each call is another tenant's. */
    private static HttpLoad inTurns(Target target, String model, Corpus corpus, int tenants) {
        List<PostTemplate> posts = new ArrayList<>();
        for (int i = 0; i < tenants; i++) {
            posts.add(new PostTemplate(target.infer(model), List.of("X-API-Key: " + key(i))));
        }
        return HttpLoad.of(target.http(), i -> posts.get(i % tenants).with(corpus.body(i)))
                .withCheck((i, status, body) -> corpus.check(i, body))
                .withConnections(CALLERS);
    }

    /** So many requests wait in the log: one is sent for each reply. */
    private static TimedLoad byKafka(String model, Corpus corpus, int pending) {
        return new CountedLoad(
                pending,
                (target, requests) -> new KafkaLoad(
                                target.kafka(),
                                Topics.requests(model, Lane.INTERACTIVE),
                                LocalStack.DEMO_REPLIES,
                                corpus::body,
                                requests,
                                pending,
                                PATIENCE,
                                (i, status, body) -> corpus.check(i, body),
                                OptionalDouble.empty(),
                                Optional.of(DEADLINE))
                        .run());
    }

    private static Map<String, String> identity(String dimension, int tenants) throws IOException {
        String quota = dimension.equals(QUOTAS) ? "requests_per_second: 100000" : "unlimited: true";
        StringBuilder yaml = new StringBuilder("tenants:\n");
        for (int i = 0; i < tenants; i++) {
            yaml.append(
                    "  tenant-%d: {keys: [%s], quota: {%s}}%n".formatted(i, Sha256.hex(key(i).getBytes(UTF_8)), quota));
        }
        Path file = FOLDER.resolve("growth-" + dimension + "-" + tenants + ".yaml");
        Files.createDirectories(FOLDER);
        Files.writeString(file, yaml);
        return Map.of(
                "penstock.tenants.identity",
                "api-key",
                "penstock.tenants.file",
                file.toAbsolutePath().toString());
    }

    private static String key(int tenant) {
        return "the key of tenant " + tenant;
    }

    private static Table table(String dimension, Map<Integer, List<CallCost>> costs) {
        Table table = new Table(
                dimension,
                "requests/s",
                "p50 ms",
                "p99 ms",
                "us a call",
                "of the first",
                "bytes allocated",
                "Kafka requests",
                "errors");
        double first = micros(costs.values().iterator().next());
        costs.forEach((value, rounds) -> table.add(
                "%,d".formatted(value),
                SyncBench.spread("%,.0f", rounds, cost -> cost.result().throughputPerSecond()),
                SyncBench.spread("%.1f", rounds, cost -> cost.result().latency().p50Millis()),
                SyncBench.spread("%.1f", rounds, cost -> cost.result().latency().p99Millis()),
                SyncBench.spread("%.0f", rounds, CallCost::cpuMicros),
                "%.2f".formatted(micros(rounds) / first),
                SyncBench.spread("%,.0f", rounds, CallCost::allocatedBytes),
                SyncBench.spread(
                        "%.2f",
                        rounds,
                        cost -> cost.kafka()
                                .map(kafka -> cost.perCall(kafka.all()))
                                .orElse(Double.NaN)),
                Long.toString(rounds.stream()
                        .mapToLong(cost -> cost.result().errors())
                        .sum())));
        return table;
    }

    private static double micros(List<CallCost> rounds) {
        return SyncBench.median(rounds, CallCost::cpuMicros);
    }

    private static String axis(String dimension) {
        return switch (dimension) {
            case KIB -> "KiB of the request, and of its answer";
            case PENDING -> "requests by Kafka that wait in the log";
            default -> dimension;
        };
    }

    private static Path plot(String dimension, Map<Integer, List<CallCost>> costs) throws IOException {
        Path file = FOLDER.resolve("growth-" + dimension + ".svg");
        Chart.lines(
                        "What a request costs",
                        axis(dimension),
                        "microseconds of processor time",
                        costs.keySet().stream().map("%,d"::formatted).toList())
                .with(
                        "ingress, worker and broker",
                        costs.values().stream().mapToDouble(GrowthBench::micros).toArray())
                .write(file);
        return file;
    }
}
