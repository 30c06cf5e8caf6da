package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import dev.penstock.local.LocalStack;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Measures what a request costs: processor time of ingress, worker and broker, and what depends less on the machine: bytes allocated,
 * switches between threads, Kafka requests. All contenders run at the same time, and the same load goes to one after the other.
 */
final class CostBench {
    private static final Duration SETTLE = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int CALLERS_OF_THE_OPEN_LOOP = 100;
    private static final Path FOLDER = Path.of("target/bench");

    /**
     * @param contenders of {@code apart}, {@code together}, {@code in-place}
     * @param beside another built package, measured as this one is
     * @param besideJvm options of its JVMs, which override those of {@code up}
     * @param doors of {@code sync}, {@code async}, {@code kafka}
     * @param callers of each closed loop
     * @param ratePerSecond of the open loop; 0 leaves it out
     * @param profiles whether all processes are sampled in one more round of the last closed loop
     */
    record Settings(
            List<String> models,
            List<String> contenders,
            Optional<Path> beside,
            List<String> besideJvm,
            List<String> doors,
            List<Integer> callers,
            int ratePerSecond,
            int seconds,
            int warmUpSeconds,
            int rounds,
            boolean profiles) {}

    private record Load(String name, TimedLoad run) {}

    private final Settings settings;
    private final PrintStream out;

    CostBench(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints the tables of each model, writes the report, and returns the number of errors. */
    long run() throws IOException, InterruptedException, OrtException {
        Map<String, List<CallCost>> results = new LinkedHashMap<>();
        for (String name : settings.models()) {
            List<CallCost> costs = measure(Workload.named(name));
            results.put(name, costs);
            for (Table table : CostTables.of(name, costs)) {
                out.println();
                out.print(table);
            }
        }
        out.println("medians of " + settings.rounds() + " rounds (lowest-highest); every response is checked");
        out.println("wrote " + Report.now("cost", settings, results).write());
        return results.values().stream()
                .flatMap(List::stream)
                .mapToLong(cost -> cost.result().errors())
                .sum();
    }

    private List<CallCost> measure(Workload workload) throws IOException, InterruptedException, OrtException {
        List<Load> loads = loads(workload);
        List<Contender> contenders = new ArrayList<>();
        try {
            start(workload, contenders);
            warmUp(workload, contenders, loads);
            List<CallCost> costs = new ArrayList<>();
            for (int round = 1; round <= settings.rounds(); round++) {
                for (Load load : loads) {
                    for (Contender contender : inTurns(contenders, load, round)) {
                        load.run().run(contender.target(), SETTLE);
                        CallCost cost = contender.measure(load.name(), () -> lasting(load, contender));
                        out.printf(
                                "%s, round %d of %d, %s, %s: %,.0f/s, %.0f us a call, %d errors%n",
                                workload.name(),
                                round,
                                settings.rounds(),
                                cost.load(),
                                cost.contender(),
                                cost.result().throughputPerSecond(),
                                cost.cpuMicros(),
                                cost.result().errors());
                        costs.add(cost);
                    }
                }
            }
            if (settings.profiles()) {
                out.println();
                out.print(profiles(workload, contenders, loads));
            }
            return costs;
        } finally {
            contenders.forEach(Contender::close);
        }
    }

    private LoadResult lasting(Load load, Contender contender) throws IOException, InterruptedException {
        return load.run().run(contender.target(), Duration.ofSeconds(settings.seconds()));
    }

    private Table profiles(Workload workload, List<Contender> contenders, List<Load> loads)
            throws IOException, InterruptedException {
        String examined = CostTables.examined(loads.stream().map(Load::name));
        Load load = loads.stream()
                .filter(each -> each.name().equals(examined))
                .findFirst()
                .orElseThrow();
        Table table = new Table(workload.name() + ", " + load.name(), "process", "whose code", "% of its samples");
        for (Contender contender : inTurns(contenders, load, 1)) {
            Map<String, CpuProfile> profiles = contender.profile(
                    () -> lasting(load, contender),
                    FOLDER,
                    "cost-%s-%s".formatted(workload.name(), contender.name().replaceAll("[^a-z]+", "-")));
            profiles.forEach((role, profile) -> profile.samples().entrySet().stream()
                    .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                    .limit(CostTables.SHOWN)
                    .forEach(part -> table.add(
                            contender.name(),
                            role,
                            part.getKey(),
                            "%.1f".formatted(100 * profile.share(part.getKey())))));
        }
        return table;
    }

    private void start(Workload workload, List<Contender> contenders) throws IOException, InterruptedException {
        Path models = BatchingBench.serve(workload, Processor.CPU);
        for (String kind : settings.contenders()) {
            if (kind.equals(CostTables.IN_PLACE)) {
                contenders.add(Contenders.inPlace(kind, models, workload.model()));
                continue;
            }
            contenders.add(start(kind, kind, Contenders.Build.ofThis("cost"), models, workload));
            if (settings.beside().isPresent()) {
                Contenders.Build other =
                        new Contenders.Build(settings.beside().get(), settings.besideJvm(), "cost-beside");
                contenders.add(start(kind, CostTables.beside(kind), other, models, workload));
            }
        }
    }

    private static Contender start(String kind, String name, Contenders.Build build, Path models, Workload workload)
            throws IOException, InterruptedException {
        return kind.equals(Contenders.APART)
                ? Contenders.apart(name, build, models, workload.model(), Map.of())
                : Contenders.together(name, build, models, Map.of());
    }

    /** All loads in turns, so that all contenders become warm at the same time. */
    private void warmUp(Workload workload, List<Contender> contenders, List<Load> loads)
            throws IOException, InterruptedException {
        Duration part = Duration.ofSeconds(settings.warmUpSeconds()).dividedBy(loads.size());
        if (part.isZero()) {
            return;
        }
        for (Load load : loads) {
            for (Contender contender : inTurns(contenders, load, 1)) {
                out.printf("%s: warm-up of %s, %s%n", workload.name(), contender.name(), load.name());
                load.run().run(contender.target(), part);
            }
        }
    }

    /** The contenders that can take this load; in every second round the other way round. */
    private static List<Contender> inTurns(List<Contender> contenders, Load load, int round) {
        List<Contender> able = contenders.stream()
                .filter(contender -> CostTables.isSynchronous(load.name())
                        || !contender.name().equals(CostTables.IN_PLACE))
                .toList();
        return round % 2 == 0 ? able.reversed() : able;
    }

    private List<Load> loads(Workload workload) throws OrtException {
        WorkloadCorpus corpus = WorkloadCorpus.inJson(workload);
        List<Load> loads = new ArrayList<>();
        for (String door : settings.doors()) {
            for (int callers : settings.callers()) {
                if (callers > 0) {
                    loads.add(new Load(door + ", " + callers, run(door, workload.model(), corpus, callers)));
                }
            }
        }
        if (settings.ratePerSecond() > 0) {
            loads.add(new Load(
                    "%s, %,d/s".formatted(CostTables.SYNC, settings.ratePerSecond()),
                    (target, lasting) -> sync(target, workload.model(), corpus, lasting)
                            .withConnections(CALLERS_OF_THE_OPEN_LOOP)
                            .withPace(new HttpLoad.OpenLoop(settings.ratePerSecond()))
                            .run()));
        }
        return loads;
    }

    private static TimedLoad run(String door, String model, Corpus corpus, int callers) {
        Check check = (i, status, body) -> corpus.check(i, body);
        return switch (door) {
            case CostTables.SYNC ->
                (target, lasting) -> sync(target, model, corpus, lasting)
                        .withConnections(callers)
                        .run();
            case "async" ->
                new CountedLoad(
                        1,
                        (target, requests) -> new AsyncLoad(
                                        target.infer(model), corpus::body, requests, callers, PATIENCE, check)
                                .run());
            case "kafka" ->
                new CountedLoad(
                        1,
                        (target, requests) -> new KafkaLoad(
                                        target.kafka(),
                                        Topics.requests(model, Lane.INTERACTIVE),
                                        LocalStack.DEMO_REPLIES,
                                        corpus::body,
                                        requests,
                                        callers,
                                        PATIENCE,
                                        check)
                                .run());
            default -> throw new IllegalArgumentException("no door " + door);
        };
    }

    private static HttpLoad sync(Target target, String model, Corpus corpus, Duration lasting) {
        PostTemplate post = new PostTemplate(target.infer(model), List.of());
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withCheck((i, status, body) -> corpus.check(i, body))
                .withExtent(new HttpLoad.Lasting(lasting));
    }
}
