package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * Measures what a request costs: processor time of ingress, worker and broker, and what depends less on the machine: bytes allocated,
 * switches between threads, Kafka requests. All contenders run at the same time, and the same load goes to one after the other.
 */
final class CostBench {
    private static final Duration SETTLE = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int CALLERS_OF_THE_OPEN_LOOP = 100;
    private static final String REPLIES = "penstock.replies.demo";
    private static final int SHOWN = 8;
    private static final Path FOLDER = Path.of("target/bench");
    private static final String SYNC = "sync";
    private static final String APART = "apart";
    private static final String IN_PLACE = "in-place";
    private static final String BESIDE = ", beside";

    /** The columns about Kafka. */
    private static final Map<String, ToDoubleFunction<Gathered>> KAFKA = kafkaColumns();

    /** What a load cost, and its part at the broker. */
    private record Gathered(CallCost cost, KafkaCost kafka) {}

    /**
     * @param contenders of {@code apart}, {@code together}, {@code in-place}
     * @param beside another built package, measured as this one is
     * @param doors of {@code sync}, {@code async}, {@code kafka}
     * @param callers of each closed loop
     * @param ratePerSecond of the open loop; 0 leaves it out
     * @param profiles whether all processes are sampled in one more round of the last closed loop
     */
    record Settings(
            List<String> models,
            List<String> contenders,
            Optional<Path> beside,
            List<String> doors,
            List<Integer> callers,
            int ratePerSecond,
            int seconds,
            int warmUpSeconds,
            int rounds,
            boolean profiles) {}

    /** A load that any contender takes, or only those with a log. */
    private record Load(String name, boolean isSynchronous, Run run) {}

    /** Drives one contender for about this long. */
    private interface Run {
        LoadResult run(Target target, Duration lasting) throws IOException, InterruptedException;
    }

    /** A load of a number of requests, which follows from the rate of the last time. */
    private static final class Counted implements Run {
        private static final double FIRST_RATE = 200;
        private static final int MOST = 5_000_000;

        private interface Requests {
            LoadResult run(Target target, int requests) throws InterruptedException;
        }

        private final Requests requests;
        private final Map<Target, Double> rates = new HashMap<>();

        Counted(Requests requests) {
            this.requests = requests;
        }

        @Override
        public LoadResult run(Target target, Duration lasting) throws InterruptedException {
            double count = rates.getOrDefault(target, FIRST_RATE) * lasting.toMillis() / 1000;
            LoadResult result = requests.run(target, (int) Math.clamp(count, 1, MOST));
            rates.put(target, result.throughputPerSecond());
            return result;
        }
    }

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
            out.println();
            out.print(times(name, costs));
            out.println();
            out.print(counts(name, costs));
            out.println();
            out.print(threads(name, costs));
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
                out.print(profiles(workload, contenders, lastClosedLoop(loads)));
            }
            return costs;
        } finally {
            contenders.forEach(Contender::close);
        }
    }

    private LoadResult lasting(Load load, Contender contender) throws IOException, InterruptedException {
        return load.run().run(contender.target(), Duration.ofSeconds(settings.seconds()));
    }

    private Table profiles(Workload workload, List<Contender> contenders, Load load)
            throws IOException, InterruptedException {
        Table table = new Table(workload.name() + ", " + load.name(), "process", "whose code", "% of its samples");
        for (Contender contender : inTurns(contenders, load, 1)) {
            Map<String, CpuProfile> profiles = contender.profile(
                    () -> lasting(load, contender),
                    FOLDER,
                    "cost-%s-%s".formatted(workload.name(), contender.name().replaceAll("[^a-z]+", "-")));
            profiles.forEach((role, profile) -> profile.samples().entrySet().stream()
                    .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                    .limit(SHOWN)
                    .forEach(part -> table.add(
                            contender.name(),
                            role,
                            part.getKey(),
                            "%.1f".formatted(100 * profile.share(part.getKey())))));
        }
        return table;
    }

    /** The synchronous one with the most callers, if there is one. */
    private static Load lastClosedLoop(List<Load> loads) {
        return loads.stream()
                .filter(each -> !each.name().endsWith("/s"))
                .reduce((first, last) -> last.isSynchronous() ? last : first)
                .orElseThrow();
    }

    private void start(Workload workload, List<Contender> contenders) throws IOException, InterruptedException {
        Path models = BatchingBench.serve(workload, Processor.CPU);
        for (String kind : settings.contenders()) {
            if (kind.equals(IN_PLACE)) {
                contenders.add(Contenders.inPlace(kind, models, workload.model()));
                continue;
            }
            contenders.add(start(kind, kind, ChildProcess.PACKAGE, models, workload, "cost"));
            if (settings.beside().isPresent()) {
                contenders.add(start(kind, kind + BESIDE, settings.beside().get(), models, workload, "cost-beside"));
            }
        }
    }

    private static Contender start(String kind, String name, Path built, Path models, Workload workload, String log)
            throws IOException, InterruptedException {
        return kind.equals(APART)
                ? Contenders.apart(name, built, models, workload.model(), log)
                : Contenders.together(name, built, models, workload.model(), log);
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
                .filter(contender -> load.isSynchronous() || !contender.name().equals(IN_PLACE))
                .toList();
        return round % 2 == 0 ? able.reversed() : able;
    }

    private List<Load> loads(Workload workload) throws OrtException {
        WorkloadCorpus corpus = WorkloadCorpus.inJson(workload);
        List<Load> loads = new ArrayList<>();
        for (String door : settings.doors()) {
            for (int callers : settings.callers()) {
                loads.add(new Load(
                        door + ", " + callers, door.equals(SYNC), run(door, workload.model(), corpus, callers)));
            }
        }
        if (settings.ratePerSecond() > 0) {
            loads.add(new Load(
                    "%s, %,d/s".formatted(SYNC, settings.ratePerSecond()),
                    true,
                    (target, lasting) -> sync(target, workload.model(), corpus, lasting)
                            .withConnections(CALLERS_OF_THE_OPEN_LOOP)
                            .withPace(new HttpLoad.OpenLoop(settings.ratePerSecond()))
                            .run()));
        }
        return loads;
    }

    private static Run run(String door, String model, Corpus corpus, int callers) {
        Check check = (i, status, body) -> corpus.check(i, body);
        return switch (door) {
            case SYNC ->
                (target, lasting) -> sync(target, model, corpus, lasting)
                        .withConnections(callers)
                        .run();
            case "async" ->
                new Counted((target, requests) ->
                        new AsyncLoad(target.infer(model), corpus::body, requests, callers, PATIENCE, check).run());
            case "kafka" ->
                new Counted((target, requests) -> new KafkaLoad(
                                target.kafka(),
                                Topics.requests(model, Lane.INTERACTIVE),
                                REPLIES,
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

    private interface Rows {
        void add(String load, String contender, List<CallCost> rounds);
    }

    /** Calls for each load and contender, in the order of their first measurement. */
    private static void forEach(List<CallCost> costs, Rows rows) {
        Map<List<String>, List<CallCost>> rounds = new LinkedHashMap<>();
        for (CallCost cost : costs) {
            rounds.computeIfAbsent(List.of(cost.load(), cost.contender()), first -> new ArrayList<>())
                    .add(cost);
        }
        rounds.forEach((key, ofKey) -> rows.add(key.getFirst(), key.getLast(), ofKey));
    }

    private static Table times(String model, List<CallCost> costs) {
        Table table = new Table(
                model,
                "",
                "requests/s",
                "p50 ms",
                "p99 ms",
                "us ingress",
                "worker",
                "broker",
                "all",
                "ratio",
                "errors");
        forEach(costs, (load, contender, rounds) -> {
            List<LoadResult> results = rounds.stream().map(CallCost::result).toList();
            List<CallCost> reference = reference(costs, load, contender);
            table.add(
                    load,
                    contender,
                    SyncBench.spread("%,.0f", results, LoadResult::throughputPerSecond),
                    SyncBench.spread("%.1f", results, result -> result.latency().p50Millis()),
                    SyncBench.spread("%.1f", results, result -> result.latency().p99Millis()),
                    microsOf(Contenders.INGRESS, rounds),
                    microsOf(Contenders.WORKER, rounds),
                    microsOf(Contenders.BROKER, rounds),
                    SyncBench.spread("%.0f", rounds, CallCost::cpuMicros),
                    reference.isEmpty()
                            ? ""
                            : "%.2f"
                                    .formatted(SyncBench.median(rounds, CallCost::cpuMicros)
                                            / SyncBench.median(reference, CallCost::cpuMicros)),
                    Long.toString(results.stream().mapToLong(LoadResult::errors).sum()));
        });
        return table;
    }

    private static String microsOf(String role, List<CallCost> rounds) {
        return rounds.getFirst().role(role).isEmpty()
                ? ""
                : SyncBench.spread("%.0f", rounds, cost -> perCall(cost, role, RoleCost::cpuMicros));
    }

    private static double perCall(CallCost cost, String role, ToLongFunction<RoleCost> part) {
        return cost.perCall(cost.role(role).stream().mapToLong(part).sum());
    }

    /** Of the one beside, or else of the endpoint in place. */
    private static List<CallCost> reference(List<CallCost> costs, String load, String contender) {
        if (contender.equals(IN_PLACE) || contender.endsWith(BESIDE)) {
            return List.of();
        }
        return Stream.of(contender + BESIDE, IN_PLACE)
                .map(other -> costs.stream()
                        .filter(cost ->
                                cost.load().equals(load) && cost.contender().equals(other))
                        .toList())
                .filter(found -> !found.isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    private static Table counts(String model, List<CallCost> costs) {
        List<String> header = new ArrayList<>(List.of(model + ", for each call", "", "bytes allocated", "switches"));
        header.addAll(KAFKA.keySet());
        Table table = new Table(header.toArray(String[]::new));
        forEach(costs, (load, contender, rounds) -> {
            List<String> cells = new ArrayList<>(List.of(
                    load,
                    contender,
                    SyncBench.spread("%,.0f", rounds, CallCost::allocatedBytes),
                    SyncBench.spread("%.2f", rounds, CallCost::switches)));
            List<Gathered> gathered = rounds.stream()
                    .flatMap(cost -> cost.kafka().map(kafka -> new Gathered(cost, kafka)).stream())
                    .toList();
            KAFKA.values()
                    .forEach(column -> cells.add(gathered.isEmpty() ? "" : SyncBench.spread("%.2f", gathered, column)));
            table.add(cells.toArray(String[]::new));
        });
        return table;
    }

    private static Map<String, ToDoubleFunction<Gathered>> kafkaColumns() {
        Map<String, ToDoubleFunction<Gathered>> columns = new LinkedHashMap<>();
        columns.put("Kafka requests", each -> each.cost.perCall(each.kafka.all()));
        columns.put("produce", each -> each.cost.perCall(each.kafka.produces()));
        columns.put("fetch", each -> each.cost.perCall(each.kafka.fetches()));
        columns.put("commit", each -> each.cost.perCall(each.kafka.commits()));
        columns.put("records a produce", each -> each.kafka.recordsOf(each.kafka.produces()));
        columns.put("a fetch", each -> each.kafka.recordsOf(each.kafka.fetches()));
        return columns;
    }

    /** Where the processor time of each process goes, under the synchronous load with the most callers. */
    private Table threads(String model, List<CallCost> costs) {
        String door = settings.doors().contains(SYNC) ? SYNC : settings.doors().getLast();
        String shown = door + ", " + settings.callers().getLast();
        Table table = new Table(model + ", " + shown, "process", "threads", "us a call");
        forEach(costs, (load, contender, rounds) -> {
            if (!load.equals(shown)) {
                return;
            }
            for (RoleCost first : rounds.getFirst().roles()) {
                String role = first.role();
                rounds.stream()
                        .flatMap(cost -> cost.role(role).stream())
                        .flatMap(cost -> cost.threadMicros().keySet().stream())
                        .distinct()
                        .map(name -> Map.entry(
                                name,
                                SyncBench.median(
                                        rounds,
                                        cost -> perCall(
                                                cost,
                                                role,
                                                of -> of.threadMicros().getOrDefault(name, 0L)))))
                        .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                        .limit(SHOWN)
                        .forEach(thread ->
                                table.add(contender, role, thread.getKey(), "%.1f".formatted(thread.getValue())));
                table.add(
                        contender,
                        role,
                        "all, in the system",
                        "%.1f"
                                .formatted(
                                        SyncBench.median(rounds, cost -> perCall(cost, role, RoleCost::systemMicros))));
            }
        });
        return table;
    }
}
