package dev.penstock.cli;

import dev.penstock.cli.bench.BenchCommand;
import dev.penstock.cli.command.AutoscaleCommand;
import dev.penstock.cli.command.CapacityCommand;
import dev.penstock.cli.command.CompletionCommand;
import dev.penstock.cli.command.DiagnoseCommand;
import dev.penstock.cli.command.FuzzCommand;
import dev.penstock.cli.command.JdkCommand;
import dev.penstock.cli.command.KeyCommand;
import dev.penstock.cli.command.LedgerCommand;
import dev.penstock.cli.command.ModelsCommand;
import dev.penstock.cli.command.MutantsCommand;
import dev.penstock.cli.command.SimulateCommand;
import dev.penstock.cli.command.SoakCommand;
import dev.penstock.cli.command.TestCommand;
import dev.penstock.cli.command.Tool;
import dev.penstock.cli.command.ZooCommand;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import picocli.AutoComplete;

/** Runs each command, here or in a tool. The package of the service runs {@code up} and {@code kafka} itself. */
final class Commands {
    /** The class that runs each command that is a tool. By name, since the command line is compiled without the tools. */
    static final Map<Class<?>, String> TOOLS = Map.of(
            BenchCommand.class, "dev.penstock.bench.Bench",
            SimulateCommand.class, "dev.penstock.simulation.Simulate",
            AutoscaleCommand.class, "dev.penstock.simulation.autoscale.SimulateAutoscale",
            CapacityCommand.class, "dev.penstock.simulation.capacity.SimulateCapacity",
            FuzzCommand.class, "dev.penstock.fuzz.Fuzz",
            MutantsCommand.class, "dev.penstock.mutants.Mutants",
            ModelsCommand.class, "dev.penstock.samples.SampleModels",
            LedgerCommand.class, "dev.penstock.ledger.drive.LedgerTool",
            SoakCommand.class, "dev.penstock.soak.SoakTool",
            ZooCommand.class, "dev.penstock.zoo.ZooTool");

    private final List<String> arguments;

    /** @param arguments the whole command line */
    Commands(List<String> arguments) {
        this.arguments = arguments;
    }

    int run(Object command) throws Exception {
        return switch (command) {
            case BenchCommand bench -> runTool(BenchCommand.class, bench);
            case SimulateCommand simulate -> runTool(SimulateCommand.class, simulate);
            case AutoscaleCommand autoscale -> runTool(AutoscaleCommand.class, autoscale);
            case CapacityCommand capacity -> runTool(CapacityCommand.class, capacity);
            case FuzzCommand fuzz -> runTool(FuzzCommand.class, fuzz);
            case MutantsCommand mutants -> runTool(MutantsCommand.class, mutants);
            case LedgerCommand ledger -> runTool(LedgerCommand.class, ledger);
            case SoakCommand soak -> runTool(SoakCommand.class, soak);
            case ZooCommand zoo -> runTool(ZooCommand.class, zoo);
            case ModelsCommand models -> runTool(ModelsCommand.class, models);
            case TestCommand test -> new TestRun(Checkout.home()).run(arguments.subList(1, arguments.size()));
            case DiagnoseCommand diagnose ->
                new MetricsReader(diagnose.urls()).diagnose(Duration.ofSeconds(diagnose.seconds()));
            case KeyCommand key -> NewKey.random().print();
            case JdkCommand jdk -> print(System.getProperty("java.home"));
            case CompletionCommand completion -> print(AutoComplete.bash(CommandTree.NAME, CommandTree.build()));
            default -> throw new IllegalStateException("command must have a way to run, was " + command);
        };
    }

    private static <C> int runTool(Class<C> kind, C command) throws Exception {
        return tool(kind).run(command);
    }

    @SuppressWarnings("unchecked")
    static <C> Tool<C> tool(Class<C> kind) throws ReflectiveOperationException {
        String name = Objects.requireNonNull(TOOLS.get(kind));
        return (Tool<C>)
                Class.forName(name).asSubclass(Tool.class).getConstructor().newInstance();
    }

    private static int print(Object text) {
        System.out.println(text);
        return ExitCode.OK.code();
    }
}
