package dev.penstock.fuzz;

import dev.penstock.cli.command.FuzzCommand;
import dev.penstock.cli.command.Tool;
import dev.penstock.cli.command.UsageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** {@code ./penstock fuzz}: runs the fuzzer on each target in turn. */
public final class Fuzz implements Tool<FuzzCommand> {
    private static final long STANDARD_SECONDS = 60;

    @Override
    public int run(FuzzCommand command) throws IOException, InterruptedException {
        if (command.seconds().isPresent() && command.runs().isPresent()) {
            throw new UsageException("--seconds and --runs cannot be given together");
        }
        String bound = command.runs()
                .map(runs -> "-runs=" + runs)
                .orElseGet(() -> "-max_total_time=" + command.seconds().orElse(STANDARD_SECONDS));
        List<Target> targets = command.targets().stream()
                .map(label -> Target.valueOf(label.toUpperCase(Locale.ROOT)))
                .toList();
        return run(targets, bound, command.keep());
    }

    private static int run(List<Target> targets, String bound, boolean keep) throws IOException, InterruptedException {
        long executions = 0;
        for (Target target : targets) {
            Fuzzer fuzzer =
                    new Fuzzer(target.className(), Path.of("target", "fuzz", target.label()), System.out::println);
            Fuzzer.Result result = fuzzer.run(bound, List.of(target.corpus()));
            if (keep && !result.crashed()) {
                fuzzer.merge(target.corpus());
            }
            executions += result.executions();
            System.out.printf(
                    "%s: %,d executions, %s%n",
                    target.label(),
                    result.executions(),
                    result.crashed() ? "a property broke; see above" : "no finding");
            if (result.crashed()) {
                return 1;
            }
        }
        System.out.printf("%,d executions in all%n", executions);
        return 0;
    }
}
