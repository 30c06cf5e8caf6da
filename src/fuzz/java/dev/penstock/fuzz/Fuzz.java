package dev.penstock.fuzz;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The command line {@code ./penstock fuzz}. */
public final class Fuzz {
    private static final String USAGE = """
            usage: ./penstock fuzz [TARGET] [--seconds N | --runs N] [--keep]

              TARGET       json, binary, record, reply or model; without, each in turn
              --seconds N  for each target (60)
              --runs N     executions of each target instead
              --keep       takes inputs that reach something new into src/test/resources/fuzz

            Stops at the first input that breaks a property, and leaves it in target/fuzz/TARGET.""";

    private Fuzz() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        List<Target> targets = List.of(Target.values());
        String bound = "-max_total_time=60";
        boolean keep = false;
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            Optional<Target> named = Arrays.stream(Target.values())
                    .filter(target -> target.label().equals(argument.toLowerCase(Locale.ROOT)))
                    .findFirst();
            if (named.isPresent()) {
                targets = List.of(named.get());
            } else if (argument.equals("--keep")) {
                keep = true;
            } else if (List.of("--seconds", "--runs").contains(argument)
                    && i + 1 < arguments.length
                    && arguments[i + 1].matches("[1-9][0-9]{0,11}")) {
                bound = (argument.equals("--runs") ? "-runs=" : "-max_total_time=") + arguments[++i];
            } else {
                System.err.println(USAGE);
                System.exit(argument.equals("--help") ? 0 : 2);
            }
        }
        System.exit(run(targets, bound, keep));
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
