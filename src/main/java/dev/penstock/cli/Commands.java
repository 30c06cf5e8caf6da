package dev.penstock.cli;

import dev.penstock.cli.bench.BenchCommand;
import dev.penstock.cli.command.CompletionCommand;
import dev.penstock.cli.command.FuzzCommand;
import dev.penstock.cli.command.JdkCommand;
import dev.penstock.cli.command.KafkaCommand;
import dev.penstock.cli.command.KeyCommand;
import dev.penstock.cli.command.ModelsCommand;
import dev.penstock.cli.command.MutantsCommand;
import dev.penstock.cli.command.SimulateCommand;
import dev.penstock.cli.command.TestCommand;
import dev.penstock.cli.command.Tool;
import dev.penstock.cli.command.UpCommand;
import java.util.List;
import picocli.AutoComplete;

/** Runs each command: here, in the package of the service, or in a tool. */
final class Commands {
    /** The main class of the package. It starts the service, in the same JVM, with {@code LocalMain}. */
    private static final String PACKAGE = "io.quarkus.bootstrap.runner.QuarkusEntryPoint";

    private final List<String> arguments;

    /** @param arguments the whole command line */
    Commands(List<String> arguments) {
        this.arguments = arguments;
    }

    int run(Object command) throws Exception {
        return switch (command) {
            case UpCommand up -> runPackage();
            case KafkaCommand kafka -> runPackage();
            case BenchCommand bench -> runTool("dev.penstock.bench.Bench", bench);
            case SimulateCommand simulate -> runTool("dev.penstock.simulation.Simulate", simulate);
            case FuzzCommand fuzz -> runTool("dev.penstock.fuzz.Fuzz", fuzz);
            case MutantsCommand mutants -> runTool("dev.penstock.mutants.Mutants", mutants);
            case ModelsCommand models -> runTool("dev.penstock.samples.SampleModels", models);
            case TestCommand test -> new TestRun(Checkout.home()).run(arguments.subList(1, arguments.size()));
            case KeyCommand key -> NewKey.random().print();
            case JdkCommand jdk -> print(System.getProperty("java.home"));
            case CompletionCommand completion -> print(AutoComplete.bash(CommandTree.NAME, CommandTree.build()));
            default -> throw new IllegalStateException("command must have a way to run, was " + command);
        };
    }

    /** By name, since the command line is compiled without the package. */
    private int runPackage() throws ReflectiveOperationException {
        Class.forName(PACKAGE).getMethod("main", String[].class).invoke(null, (Object) arguments.toArray(String[]::new));
        return ExitCode.OK.code();
    }

    /** By name, since the command line is compiled without the tools. */
    @SuppressWarnings("unchecked")
    private static <C> int runTool(String name, C command) throws Exception {
        return ((Tool<C>) Class.forName(name).getConstructor().newInstance()).run(command);
    }

    private static int print(Object text) {
        System.out.println(text);
        return ExitCode.OK.code();
    }
}
