package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import dev.penstock.local.EmbeddedRedis;
import dev.penstock.local.RedisSignals;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Measures the effect of Redis faults on calls that need features: none may fail, and latency must soon recover. */
final class FeaturesTrouble {
    private static final Path DIGITS = Path.of("src/main/models/digits/1/model.onnx");
    private static final List<String> PHASES = List.of("before", "during", "0-5 s after", "from 5 s after");
    private static final int PHASE_SECONDS = 5;
    private static final int CONNECTIONS = 256;
    private static final int WARM_UP_SECONDS = 15;

    /** @param ratePerSecond the constant rate of calls */
    record Settings(int entities, int l1, int sourceMillis, int warmUpRequests, int ratePerSecond) {}

    private interface Deed {
        void act() throws IOException, InterruptedException;
    }

    private record Trouble(Deed begin, Deed end) {}

    private final Settings settings;
    private final PrintStream out;
    private EmbeddedRedis redis = EmbeddedRedis.start();
    private int drawn;
    private double refused;

    FeaturesTrouble(Settings settings, PrintStream out) {
        this.settings = settings;
        this.drawn = settings.warmUpRequests();
        this.out = out;
    }

    /** Prints the table, writes the report and the plot, and returns the number of failed calls. */
    long run() throws IOException, InterruptedException, OrtException {
        Map<String, List<LoadResult>> results = new LinkedHashMap<>();
        DigitsCorpus images = DigitsCorpus.load(DIGITS);
        EntityCorpus ids = EntityCorpus.draw(images, settings.entities());
        try (SlowFeast source = new SlowFeast(images, settings.sourceMillis());
                LocalService service =
                        FeatureVariant.ALL.start(source, settings.l1(), Map.of(), Optional.of(redis.url()))) {
            out.println("warming up");
            FeaturesBench.warmUpCaches(service.target(), ids, settings.warmUpRequests());
            load(service.target(), ids, WARM_UP_SECONDS).run();
            double before = refused(service.target());
            for (Map.Entry<String, Trouble> each : troubles().entrySet()) {
                out.printf("Redis %s%n", each.getKey());
                results.put(each.getKey(), phases(each.getValue(), service.target(), ids));
            }
            refused = refused(service.target()) - before;
        } finally {
            redis.close();
        }
        out.println();
        out.print(table(results));
        out.printf(
                "open loop of %,d calls/s; latency from the intended start; every response is checked;"
                        + " the gate refused %,.0f%n",
                settings.ratePerSecond(), refused);
        Chart chart =
                Chart.bars("Redis faults: 99th percentile of latency", "Redis is", "ms", List.copyOf(results.keySet()));
        for (int i = 0; i < PHASES.size(); i++) {
            int phase = i;
            chart.with(
                    PHASES.get(i),
                    results.values().stream()
                            .mapToDouble(phases -> phases.get(phase).latency().p99Millis())
                            .toArray());
        }
        out.println("wrote "
                + Report.now("features-trouble", settings, results).write() + " and "
                + chart.write(Path.of("target/bench/features-trouble.svg")));
        return results.values().stream()
                .flatMap(List::stream)
                .mapToLong(LoadResult::errors)
                .sum();
    }

    private static double refused(Target target) throws IOException, InterruptedException {
        return Metrics.scrape(target.management()).sum("inference_rejected_total");
    }

    private Map<String, Trouble> troubles() {
        Map<String, Trouble> troubles = new LinkedHashMap<>();
        troubles.put("frozen", new Trouble(() -> RedisSignals.freeze(redis), () -> RedisSignals.goOn(redis)));
        troubles.put("stopped", new Trouble(() -> redis.close(), this::startAgain));
        troubles.put(
                "full",
                new Trouble(
                        () -> tell(Request.cmd(Command.CONFIG)
                                .arg("SET")
                                .arg("maxmemory")
                                .arg("1")),
                        () -> tell(Request.cmd(Command.CONFIG)
                                .arg("SET")
                                .arg("maxmemory")
                                .arg("0"))));
        troubles.put("flushed", new Trouble(() -> tell(Request.cmd(Command.FLUSHALL)), () -> {}));
        troubles.put(
                "restarted",
                new Trouble(
                        () -> {
                            redis.close();
                            startAgain();
                        },
                        () -> {}));
        return troubles;
    }

    private void startAgain() {
        redis = EmbeddedRedis.start(redis.port(), Optional.empty());
    }

    private List<LoadResult> phases(Trouble trouble, Target target, EntityCorpus ids)
            throws IOException, InterruptedException {
        List<LoadResult> results = new ArrayList<>();
        results.add(load(target, ids, PHASE_SECONDS).run());
        trouble.begin().act();
        results.add(load(target, ids, PHASE_SECONDS).run());
        trouble.end().act();
        results.add(load(target, ids, PHASE_SECONDS).run());
        results.add(load(target, ids, PHASE_SECONDS).run());
        return results;
    }

    private void tell(Request request) {
        Vertx vertx = Vertx.vertx();
        Redis client = Redis.createClient(vertx, redis.url());
        try {
            client.send(request).toCompletionStage().toCompletableFuture().join();
        } finally {
            client.close();
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    /** Each load continues with the draws where the last one ended. */
    private HttpLoad load(Target target, EntityCorpus ids, int seconds) {
        EntityCorpus next = ids.from(drawn);
        drawn += seconds * settings.ratePerSecond();
        PostTemplate post = new PostTemplate(target.infer(FeatureVariant.ALL.model()), List.of());
        return HttpLoad.of(target.http(), i -> post.with(next.body(i)))
                .withCheck((i, status, body) -> next.check(i, body))
                .withConnections(CONNECTIONS)
                .withPace(new HttpLoad.OpenLoop(settings.ratePerSecond()))
                .withExtent(new HttpLoad.Lasting(Duration.ofSeconds(seconds)));
    }

    private static Table table(Map<String, List<LoadResult>> results) {
        Table table =
                new Table("Redis, p99 ms", "before", "during", "0-5 s after", "from 5 s after", "calls", "errors");
        results.forEach((name, phases) -> {
            List<String> cells = new ArrayList<>(List.of(name));
            phases.forEach(phase -> cells.add("%.1f".formatted(phase.latency().p99Millis())));
            cells.add("%,d"
                    .formatted(phases.stream().mapToLong(LoadResult::succeeded).sum()));
            cells.add(
                    Long.toString(phases.stream().mapToLong(LoadResult::errors).sum()));
            table.add(cells.toArray(String[]::new));
        });
        return table;
    }
}
