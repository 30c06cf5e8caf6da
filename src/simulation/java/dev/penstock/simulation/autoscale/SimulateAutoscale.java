package dev.penstock.simulation.autoscale;

import dev.penstock.cli.command.AutoscaleCommand;
import dev.penstock.cli.command.Tool;
import dev.penstock.cli.command.UsageException;
import dev.penstock.simulation.autoscale.scaler.Pods;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** {@code ./penstock simulate autoscale}: a table of days, one for each policy and seed, and plots of the first seed. */
public final class SimulateAutoscale implements Tool<AutoscaleCommand> {
    private static final Path FOLDER = Path.of("target/simulate");
    private static final double PERCENT = 100;
    private static final double MILLIS = 1e3;
    private static final double MINUTE = 60;

    @Override
    public int run(AutoscaleCommand command) throws IOException {
        return run(command, System.out);
    }

    /** Prints the same bytes for the same command. */
    static int run(AutoscaleCommand command, PrintStream out) throws IOException {
        Setting setting = setting(command);
        out.println(
                "| policy | seed | within 380 ms | within 500 ms | refused | GPU hours | GPU use | at the peak | most workers |");
        out.println("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        AutoscalePlots plots = new AutoscalePlots(setting.curve().rowsPerSecond());
        for (String name : command.policies()) {
            PolicyName policy = PolicyName.valueOf(name.toUpperCase(Locale.ROOT));
            for (long seed = command.seed(); seed < command.seed() + command.seeds(); seed++) {
                int workers = policy == PolicyName.FIXED ? fixedWorkers(command, setting, seed) : setting.least();
                Day day = policy.day(setting, workers, seed);
                String label = policy == PolicyName.FIXED ? "fixed at " + workers : name;
                out.println(row(label, seed, day));
                if (seed == command.seed()) {
                    plots.add(label, day);
                }
            }
        }
        for (Path plot : plots.write(FOLDER)) {
            out.println("plot: " + plot);
        }
        return 0;
    }

    private static int fixedWorkers(AutoscaleCommand command, Setting setting, long seed) {
        return command.replicas().orElseGet(() -> FixedWorkers.fewest(setting, seed));
    }

    private static Setting setting(AutoscaleCommand command) {
        List<Double> start = command.startSeconds();
        require(start.size() == 3, "--start must be the seconds of image, load and warm-up, as in 60,20,10");
        require(command.least() <= command.most(), "--min must be at most --max");
        require(
                command.most() <= command.partitions(),
                "--max must be at most --partitions: further workers read nothing");
        require(
                command.replicas().isEmpty() || command.policies().contains("fixed"),
                "--replicas needs --policy fixed");
        return new Setting(
                command.peak(),
                command.rampMinutes() * MINUTE,
                command.least(),
                command.most(),
                command.partitions(),
                new Pods.Start(start.get(0), start.get(1), start.get(2)),
                command.deadlineMillis() / MILLIS,
                GpuCurve.T4_BERT_LARGE);
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new UsageException(rule);
        }
    }

    private static String row(String label, long seed, Day day) {
        return String.format(
                Locale.ROOT,
                "| %s | %d | %.2f %% | %.2f %% | %.2f %% | %,.0f | %.0f %% | %.0f %% | %,d |",
                label,
                seed,
                PERCENT * day.all().shareWithin(0.38),
                PERCENT * day.all().shareWithin(0.5),
                PERCENT * day.refusedShare(),
                day.gpuHours(),
                PERCENT * day.meanUse(),
                PERCENT * day.peakUse(),
                day.mostWorkers());
    }
}
