package dev.penstock.cli;

import dev.penstock.cli.command.UsageException;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** {@code ./penstock}: reads a command line, and runs its command or explains why not. */
public final class Penstock {
    /** Set where the launcher wants to know whether arguments are right, before it builds what the command needs. */
    private static final String CHECK_ONLY = "penstock.check-only";

    private Penstock() {}

    /** Runs a command whose arguments are right. */
    @FunctionalInterface
    public interface Runner {
        /** @return the exit code */
        int run(Object command) throws Exception;
    }

    public static void main(String... arguments) {
        Commands commands = new Commands(List.of(arguments));
        Runner runner = Boolean.getBoolean(CHECK_ONLY) ? command -> ExitCode.READY_TO_RUN.code() : commands::run;
        System.exit(run(runner, arguments));
    }

    /**
     * Prints help or a message where no command is to be run.
     *
     * @return the exit code
     */
    public static int run(Runner runner, String... arguments) {
        return run(
                runner,
                new PrintWriter(System.out, true, System.out.charset()),
                new PrintWriter(System.err, true, System.err.charset()),
                arguments);
    }

    /**
     * @param out takes help
     * @param err takes messages about wrong arguments and failures
     */
    static int run(Runner runner, PrintWriter out, PrintWriter err, String... arguments) {
        CommandLine root = CommandTree.build();
        root.setOut(out);
        root.setErr(err);
        root.setExecutionStrategy(parsed -> run(runner, parsed));
        root.setParameterExceptionHandler((mistake, given) -> {
            mistake.getCommandLine().getErr().println(Mistake.message(mistake));
            return ExitCode.USAGE.code();
        });
        root.setExecutionExceptionHandler((failure, command, given) -> {
            failure.printStackTrace(command.getErr());
            return ExitCode.FAILED.code();
        });
        return root.execute(arguments);
    }

    private static int run(Runner runner, ParseResult parsed) {
        ParseResult command = parsed;
        while (command.hasSubcommand()) {
            command = command.subcommand();
        }
        CommandLine line = command.commandSpec().commandLine();
        Object options = command.commandSpec().userObject();
        boolean isGroup = options == null;
        if (command.isUsageHelpRequested() || isGroup) {
            line.usage(line.getOut());
            return ExitCode.OK.code();
        }
        Mistake.requireRulesKept(command);
        try {
            return runner.run(options);
        } catch (UsageException contradiction) {
            throw new ParameterException(line, contradiction.getMessage(), contradiction);
        } catch (Exception failure) {
            throw new CommandLine.ExecutionException(line, failure.getMessage(), failure);
        }
    }
}
