package dev.penstock.cli;

import dev.penstock.cli.bench.AssemblyCommand;
import dev.penstock.cli.bench.BatcherCommand;
import dev.penstock.cli.bench.BatchingCommand;
import dev.penstock.cli.bench.CostCommand;
import dev.penstock.cli.bench.DeadlinesCommand;
import dev.penstock.cli.bench.DoorsCommand;
import dev.penstock.cli.bench.EdgeCommand;
import dev.penstock.cli.bench.FeaturesCommand;
import dev.penstock.cli.bench.FeaturesTroubleCommand;
import dev.penstock.cli.bench.FormsCommand;
import dev.penstock.cli.bench.GrowthCommand;
import dev.penstock.cli.bench.IdleModelsCommand;
import dev.penstock.cli.bench.LimitCommand;
import dev.penstock.cli.bench.OverloadCommand;
import dev.penstock.cli.bench.SelfCommand;
import dev.penstock.cli.bench.SyncCommand;
import dev.penstock.cli.bench.TenantsCommand;
import dev.penstock.cli.bench.TuningCommand;
import dev.penstock.cli.bench.WarmCommand;
import dev.penstock.cli.command.AutoscaleCommand;
import dev.penstock.cli.command.CapacityCommand;
import dev.penstock.cli.command.CompletionCommand;
import dev.penstock.cli.command.DeadLettersCommand;
import dev.penstock.cli.command.DiagnoseCommand;
import dev.penstock.cli.command.FuzzCommand;
import dev.penstock.cli.command.JdkCommand;
import dev.penstock.cli.command.KafkaCommand;
import dev.penstock.cli.command.KeyCommand;
import dev.penstock.cli.command.LedgerCommand;
import dev.penstock.cli.command.ModelsCommand;
import dev.penstock.cli.command.MutantsCommand;
import dev.penstock.cli.command.SimulateCommand;
import dev.penstock.cli.command.SoakCommand;
import dev.penstock.cli.command.TestCommand;
import dev.penstock.cli.command.TrainCommand;
import dev.penstock.cli.command.UpCommand;
import dev.penstock.cli.command.ZooCommand;
import dev.penstock.cli.option.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** All commands: their names, their options, and what help prints. */
final class CommandTree {
    static final String NAME = "penstock";
    private static final int HELP_COLUMNS = 100;

    private CommandTree() {}

    static CommandLine build() {
        CommandLine root = new CommandLine(group(NAME, "Runs Penstock from a checkout, tests it and measures it."));
        for (Class<?> command : List.of(
                UpCommand.class,
                KafkaCommand.class,
                TrainCommand.class,
                KeyCommand.class,
                DiagnoseCommand.class,
                LedgerCommand.class,
                TestCommand.class,
                SimulateCommand.class,
                SoakCommand.class,
                MutantsCommand.class,
                FuzzCommand.class,
                ZooCommand.class,
                JdkCommand.class,
                CompletionCommand.class)) {
            add(root, command);
        }
        CommandLine simulate = Objects.requireNonNull(root.getSubcommands().get("simulate"));
        add(simulate, AutoscaleCommand.class);
        add(simulate, CapacityCommand.class);
        root.addSubcommand(deadLetters());
        root.addSubcommand(models());
        root.addSubcommand(bench());
        root.setExpandAtFiles(false);
        root.setUsageHelpWidth(HELP_COLUMNS);
        // Whatever this command line does not know is Maven's.
        Objects.requireNonNull(root.getSubcommands().get("test"))
                .setPosixClusteredShortOptionsAllowed(false)
                .setUnmatchedOptionsArePositionalParams(true);
        root.getCommandSpec()
                .usageMessage()
                .footer(
                        "",
                        "./penstock COMMAND --help describes a command and its options.",
                        "JAVA_HOME chooses a JDK. JAVA_OPTS adds options of the JVM. docs/cli.md lists exit codes.");
        root.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, CommandTree::grouped);
        root.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING, help -> "");
        return root;
    }

    private static CommandLine deadLetters() {
        CommandLine letters = new CommandLine(
                group("dead-letters", "Lists the requests that could not be served, and publishes them again."));
        add(letters, DeadLettersCommand.ListLetters.class);
        add(letters, DeadLettersCommand.Show.class);
        add(letters, DeadLettersCommand.Replay.class);
        return letters;
    }

    private static CommandLine models() {
        CommandLine fetch = new CommandLine(group("fetch", "Fetches a sample model."));
        add(fetch, ModelsCommand.FetchMinilm.class);
        CommandLine build =
                new CommandLine(group("build", "Trains a sample model, with the same bytes on every machine."));
        add(build, ModelsCommand.BuildDigits.class);
        add(build, ModelsCommand.BuildChurn.class);
        CommandLine models = new CommandLine(group("models", "Inspects models. Fetches or trains the sample models."));
        add(models, ModelsCommand.Inspect.class);
        models.addSubcommand(fetch);
        models.addSubcommand(build);
        return models;
    }

    private static CommandLine bench() {
        CommandLine bench = new CommandLine(group("bench", "Measures on this machine, and checks the answers."));
        for (Class<?> command : List.of(
                SyncCommand.class,
                DoorsCommand.class,
                FormsCommand.class,
                LimitCommand.class,
                BatchingCommand.class,
                TuningCommand.class,
                DeadlinesCommand.class,
                OverloadCommand.class,
                TenantsCommand.class,
                FeaturesCommand.class,
                FeaturesTroubleCommand.class,
                BatcherCommand.class,
                AssemblyCommand.class,
                IdleModelsCommand.class,
                WarmCommand.class,
                CostCommand.class,
                GrowthCommand.class,
                EdgeCommand.class,
                SelfCommand.class)) {
            add(bench, command);
        }
        bench.getCommandSpec()
                .usageMessage()
                .footer(
                        "",
                        "docs/benchmarks.md says what each measures. Exits with 1 if an answer was missing or wrong.");
        return bench;
    }

    private static CommandSpec group(String name, String description) {
        CommandSpec spec = CommandSpec.create().name(name).addOption(help());
        spec.usageMessage().description(description);
        return spec;
    }

    private static void add(CommandLine parent, Class<?> command) {
        CommandSpec spec = CommandSpec.forAnnotatedObject(command);
        // The rule and the default of each option become part of its description.
        List.copyOf(spec.options()).forEach(option -> {
            spec.remove(option);
            spec.addOption(OptionSpec.builder(option)
                    .description(described(option))
                    .completionCandidates(candidates(option))
                    .build());
        });
        List.copyOf(spec.positionalParameters()).forEach(parameter -> {
            spec.remove(parameter);
            spec.addPositional(PositionalParamSpec.builder(parameter)
                    .description(described(parameter))
                    .completionCandidates(candidates(parameter))
                    .build());
        });
        spec.addOption(help());
        parent.addSubcommand(spec);
    }

    private static OptionSpec help() {
        return OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Prints this help.")
                .build();
    }

    private static String described(ArgSpec option) {
        List<String> facts = new ArrayList<>();
        Rule.of(option)
                .filter(rule -> rule.candidates().isEmpty())
                .map(rule -> rule.words().replaceFirst("^in ", ""))
                .ifPresent(facts::add);
        Optional.ofNullable(option.defaultValue())
                .map(value -> "default: " + value)
                .ifPresent(facts::add);
        String text = String.join(" ", option.description());
        return facts.isEmpty() ? text : text + " (" + String.join("; ", facts) + ")";
    }

    private static Iterable<String> candidates(ArgSpec option) {
        return Rule.of(option).map(Rule::candidates).orElse(List.of());
    }

    /** The list of commands in {@code ./penstock --help}. */
    private static String grouped(Help help) {
        StringBuilder text = new StringBuilder();
        for (Group group : Group.ALL) {
            text.append("%n%s%n".formatted(group.title()));
            for (String name : group.commands()) {
                CommandLine line =
                        Objects.requireNonNull(help.commandSpec().subcommands().get(name));
                String description = line.getCommandSpec().usageMessage().description()[0];
                text.append("  %-12s%s%n".formatted(name, description));
            }
        }
        return text.toString();
    }
}
