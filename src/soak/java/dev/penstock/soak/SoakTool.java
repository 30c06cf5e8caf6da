package dev.penstock.soak;

import dev.penstock.cli.command.SoakCommand;
import dev.penstock.cli.command.Tool;
import dev.penstock.cli.command.UsageException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code ./penstock soak}. */
public final class SoakTool implements Tool<SoakCommand> {
    private static final Path FOLDER = Path.of("target/soak");

    static {
        // Before the first logger: the log manager of Vert.x and of the broker.
        System.setProperty("java.util.logging.manager", "org.jboss.logmanager.LogManager");
    }

    @Override
    public int run(SoakCommand command) throws IOException, InterruptedException {
        if (command.table()) {
            System.out.println(SoakReport.read(FOLDER).table());
            return 0;
        }
        if (command.minutes() == 0) {
            throw new UsageException("--minutes must be over 0, was 0");
        }
        int brokers = Integer.parseInt(command.brokers());
        SoakPlan plan = new SoakPlan(
                Duration.ofMillis((long) (command.rampUp() * 1_000)),
                Duration.ofMillis((long) (command.minutes() * 60_000)),
                command.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong(1_000_000_000)),
                command.rate(),
                command.faults().map(labels -> faults(labels, brokers)).orElseGet(() -> Fault.possible(brokers)),
                brokers,
                true,
                true,
                FOLDER);
        SoakReport report = new SoakRun(plan, System.out::println).run();
        System.out.print(report);
        return report.isKept() ? 0 : 1;
    }

    private static List<Fault> faults(String labels, int brokers) {
        return Stream.of(labels.split(",")).map(label -> fault(label, brokers)).toList();
    }

    private static Fault fault(String label, int brokers) {
        Fault fault = Fault.labelled(label)
                .orElseThrow(() -> new UsageException("--faults must be of %s, was \"%s\""
                        .formatted(
                                Fault.possible(brokers).stream()
                                        .map(Fault::label)
                                        .collect(Collectors.joining(", ")),
                                label)));
        if (!fault.isPossible(brokers)) {
            throw new UsageException("--faults %s needs %s"
                    .formatted(
                            label,
                            fault == Fault.BROKER_UNREACHABLE
                                    ? "a network namespace of its own, see docs/reliability.md"
                                    : "--brokers 3"));
        }
        return fault;
    }
}
