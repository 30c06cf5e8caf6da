package dev.penstock.simulation;

import dev.penstock.cli.command.SimulateCommand;
import dev.penstock.cli.command.Tool;
import dev.penstock.cli.command.UsageException;
import dev.penstock.simulation.faults.FaultRuns;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** {@code ./penstock simulate}: replays a seed of the test suite, estimates the capacity of workers, compares policies, or simulates faults. */
public final class Simulate implements Tool<SimulateCommand> {
    private static final Path FOLDER = Path.of("target/simulate");
    private static final int GRID_REQUESTS = 20_000;
    private static final long STANDARD_SEED = 1;
    private static final int SEEDS_PER_LINE = 1000;

    @Override
    public int run(SimulateCommand command) throws IOException {
        return run(command, System.out);
    }

    /** Prints the same bytes for the same command. */
    static int run(SimulateCommand command, PrintStream out) throws IOException {
        boolean hasRate = command.rate().isPresent();
        if (command.faults()) {
            require(!hasRate && !command.grid(), "--faults takes neither --rate nor --grid");
            return faults(command, out);
        }
        require(command.seeds().isEmpty(), "--seeds needs --faults");
        if (command.grid()) {
            require(!hasRate && command.seed().isEmpty(), "--grid takes neither --rate nor --seed");
            PolicyGrid.print(GRID_REQUESTS, out);
            return 0;
        }
        require(hasRate || command.seed().isPresent(), "simulate needs --rate, --seed or --grid");
        boolean isReplay = !hasRate;
        Scenario scenario =
                isReplay ? SimulationTest.scenario(command.seed().orElseThrow(), command.workers()) : scenario(command);
        out.println(scenario.text());
        Timeline timeline = new Timeline(isReplay ? 1000 : 0);
        int exit = 0;
        String result;
        try {
            result = Capacity.of(scenario, timeline).toString();
        } catch (AssertionError broken) {
            result = "broken: " + broken.getMessage();
            exit = 1;
        }
        out.print(timeline.text());
        out.println(result);
        String name = isReplay ? "seed-" + scenario.seed() : label(scenario.trace());
        Files.createDirectories(FOLDER);
        Path plot = FOLDER.resolve(name + ".svg");
        Files.writeString(plot, Plot.of(title(scenario), result, timeline));
        out.println("plot: " + plot);
        return exit;
    }

    private static int faults(SimulateCommand command, PrintStream out) {
        require(command.seed().isPresent() || command.seeds().isPresent(), "--faults needs --seed or --seeds");
        long first = command.seed().orElse(STANDARD_SEED);
        if (command.seeds().isEmpty()) {
            FaultRuns.Timeline timeline = FaultRuns.timeline(first);
            out.println(timeline.text());
            return timeline.isBroken() ? 1 : 0;
        }
        FaultRuns runs = new FaultRuns();
        long broken = 0;
        for (long seed = first; seed < first + command.seeds().get(); seed++) {
            try {
                runs.run(seed);
            } catch (AssertionError failed) {
                broken++;
                out.println(failed.getMessage());
            }
            if ((seed - first + 1) % SEEDS_PER_LINE == 0) {
                out.println(runs);
            }
        }
        out.println(runs);
        out.println(broken + " seeds failed");
        return broken == 0 ? 0 : 1;
    }

    private static Scenario scenario(SimulateCommand command) {
        List<Double> cost = command.costMicros();
        require(cost.size() == 2, "--cost must be the µs of a run and the µs of a row, as in 1000,60");
        return new Scenario(
                command.seed().orElse(STANDARD_SEED),
                trace(command.trace()),
                command.rate().orElseThrow(),
                command.requests(),
                1000 * cost.get(0),
                1000 * cost.get(1),
                0.1,
                command.workers(),
                1,
                command.batch(),
                Scenario.NamedWindow.adaptive(),
                List.of(),
                command.bulkPercent() / 100,
                1,
                (long) (1e6 * command.deadlineMillis()),
                4096,
                Scenario.Faults.NONE,
                0);
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new UsageException(rule);
        }
    }

    private static Trace trace(String label) {
        return Trace.valueOf(label.toUpperCase(Locale.ROOT));
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
