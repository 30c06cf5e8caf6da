package dev.penstock.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/** What {@link CostBench} found, as tables: a row for each load and contender, with the medians of the rounds. */
final class CostTables {
    /** The contender that the others are compared with, unless another build runs beside. */
    static final String IN_PLACE = "in-place";

    /** The names of synchronous loads begin with it. */
    static final String SYNC = "sync";

    /** How many threads, and how many packages of a profile, a table has at most for each process. */
    static final int SHOWN = 8;

    private static final String BESIDE = ", beside";

    /** The columns about Kafka. */
    private static final Map<String, ToDoubleFunction<Gathered>> KAFKA = kafkaColumns();

    /** What a load cost, and its part at the broker. */
    private record Gathered(CallCost cost, KafkaCost kafka) {}

    private CostTables() {}

    /** The name of the other build's contender of this kind. */
    static String beside(String kind) {
        return kind + BESIDE;
    }

    /** @param costs all rounds of all loads of one model */
    static List<Table> of(String model, List<CallCost> costs) {
        return List.of(times(model, costs), counts(model, costs), threads(model, costs));
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
        return Stream.of(beside(contender), IN_PLACE)
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

    static boolean isSynchronous(String load) {
        return load.startsWith(SYNC);
    }

    /** The load that is looked at more closely: the last synchronous closed loop, if there is one. The open loop comes last. */
    static String examined(Stream<String> loads) {
        return loads.reduce((first, last) -> isSynchronous(last) && !last.endsWith("/s") ? last : first)
                .orElseThrow();
    }

    /** Where the processor time of each process goes, under the synchronous load with the most callers. */
    private static Table threads(String model, List<CallCost> costs) {
        String shown = examined(costs.stream().map(CallCost::load));
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
