package dev.penstock.simulation;

import dev.penstock.batching.Window;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** {@code ./penstock simulate}: replays a seed of the test suite, estimates the capacity of workers, or compares policies. */
public final class Simulate {
    private static final String USAGE = """
            usage: penstock simulate --seed N            replays this seed of the test suite; with --workers 2, partitions move
                   penstock simulate --grid              compares the policy with fixed sizes and delays
                   penstock simulate --rate ROWS_PER_S   estimates latency and throughput at this rate
                       --trace poisson                   or burst, diurnal, heavy (few requests with most rows)
                       --cost 1000,60                    of a run and of each row, in µs
                       --workers 1  --batch 64  --deadline 10000 (ms)  --bulk 0 (%)  --requests 20000
            Writes target/simulate/SEED-OR-TRACE.svg.
            """;

    private static final Set<String> OPTIONS = Set.of(
            "--seed", "--rate", "--trace", "--cost", "--workers", "--batch", "--deadline", "--bulk", "--requests");
    private static final Path FOLDER = Path.of("target/simulate");
    private static final int GRID_REQUESTS = 20_000;

    private Simulate() {}

    public static void main(String[] arguments) throws IOException {
        int exit;
        try {
            exit = run(List.of(arguments));
        } catch (IllegalArgumentException wrong) {
            System.err.println("simulate: " + wrong.getMessage() + "\n" + USAGE);
            exit = 2;
        }
        System.exit(exit);
    }

    private static int run(List<String> arguments) throws IOException {
        if (arguments.equals(List.of("--grid"))) {
            PolicyGrid.print(GRID_REQUESTS, System.out);
            return 0;
        }
        Map<String, String> options = options(arguments);
        boolean isReplay = options.containsKey("--seed") && !options.containsKey("--rate");
        if (!isReplay && !options.containsKey("--rate")) {
            System.out.print(USAGE);
            return 0;
        }
        Scenario scenario = isReplay
                ? SimulationTest.scenario(
                        (long) number(options, "--seed", "1"), (int) number(options, "--workers", "1"))
                : scenario(options);
        System.out.println(scenario);
        Timeline timeline = new Timeline(isReplay ? 1000 : 0);
        int exit = 0;
        String result;
        try {
            result = Capacity.of(scenario, timeline).toString();
        } catch (AssertionError broken) {
            result = "broken: " + broken.getMessage();
            exit = 1;
        }
        System.out.print(timeline.text());
        System.out.println(result);
        String name = isReplay ? "seed-" + scenario.seed() : label(scenario.trace());
        Files.createDirectories(FOLDER);
        Path plot = FOLDER.resolve(name + ".svg");
        Files.writeString(plot, Plot.of(title(scenario), result, timeline));
        System.out.println("plot: " + plot);
        return exit;
    }

    private static Scenario scenario(Map<String, String> options) {
        String[] cost = options.getOrDefault("--cost", "1000,60").split(",", -1);
        if (cost.length != 2) {
            throw new IllegalArgumentException("--cost must be µs of a run and µs of a row, as 1000,60");
        }
        return new Scenario(
                (long) number(options, "--seed", "1"),
                trace(options.getOrDefault("--trace", "poisson")),
                number(options, "--rate", "1000"),
                (int) number(options, "--requests", "20000"),
                1000 * number("--cost", cost[0]),
                1000 * number("--cost", cost[1]),
                0.1,
                (int) number(options, "--workers", "1"),
                1,
                (int) number(options, "--batch", "64"),
                Window.adaptive(),
                List.of(),
                number(options, "--bulk", "0") / 100,
                1,
                (long) (1e6 * number(options, "--deadline", "10000")),
                4096,
                Scenario.Faults.NONE,
                0);
    }

    private static Map<String, String> options(List<String> arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < arguments.size(); i += 2) {
            if (!OPTIONS.contains(arguments.get(i)) || i + 1 == arguments.size()) {
                throw new IllegalArgumentException("options must be known and have a value, was " + arguments.get(i));
            }
            options.put(arguments.get(i), arguments.get(i + 1));
        }
        return options;
    }

    private static Trace trace(String label) {
        for (Trace trace : Trace.values()) {
            if (label(trace).equals(label)) {
                return trace;
            }
        }
        throw new IllegalArgumentException("--trace must be poisson, burst, diurnal or heavy, was " + label);
    }

    private static double number(Map<String, String> options, String name, String standard) {
        return number(name, options.getOrDefault(name, standard));
    }

    private static double number(String name, String value) {
        if (!value.matches("\\d{1,9}(\\.\\d{1,6})?")) {
            throw new IllegalArgumentException(name + " must be a number, was " + value);
        }
        return Double.parseDouble(value);
    }

    private static String label(Trace trace) {
        return trace.name().toLowerCase(Locale.ROOT);
    }

    private static String title(Scenario scenario) {
        return String.format(
                Locale.ROOT,
                "%s, %.0f rows/s on %d × (%.0f + %.1f µs a row), batches up to %d, seed %d",
                label(scenario.trace()),
                scenario.rowsPerSecond(),
                scenario.workers() * scenario.sessions(),
                scenario.fixedNanos() / 1e3,
                scenario.rowNanos() / 1e3,
                scenario.maxBatchSize(),
                scenario.seed());
    }
}
