package dev.penstock.cli;

import dev.penstock.cli.option.Rule;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The commands and exit codes as Markdown, for {@code docs/cli.md}. */
final class CommandReference {
    private static final Comparator<OptionSpec> BY_NAME = Comparator.comparing(OptionSpec::longestName);

    private CommandReference() {}

    static String exitCodes() {
        StringBuilder text = new StringBuilder("| code | meaning |\n| --- | --- |\n");
        for (ExitCode each : ExitCode.values()) {
            if (each != ExitCode.READY_TO_RUN) {
                text.append("| %d | %s |\n".formatted(each.code(), each.meaning()));
            }
        }
        return text.toString();
    }

    static String commands() {
        StringBuilder text = new StringBuilder();
        CommandLine root = CommandTree.build();
        for (Group group : Group.ALL) {
            text.append("## %s\n\n".formatted(group.title()));
            for (String name : group.commands()) {
                append(text, Objects.requireNonNull(root.getSubcommands().get(name)));
            }
        }
        return text.toString();
    }

    private static void append(StringBuilder text, CommandLine line) {
        CommandSpec command = line.getCommandSpec();
        UsageMessageSpec message = command.usageMessage();
        text.append("### penstock %s\n\n".formatted(command.qualifiedName().replaceFirst("^penstock ", "")));
        paragraph(text, List.of(message.description()));
        List<ArgSpec> options = new ArrayList<>(command.positionalParameters());
        command.options().stream()
                .filter(option -> !option.usageHelp())
                .sorted(BY_NAME)
                .forEach(options::add);
        if (!options.isEmpty()) {
            text.append("| option | meaning | values | default |\n| --- | --- | --- | --- |\n");
            options.forEach(option -> text.append("| `%s` | %s | %s | %s |\n"
                    .formatted(name(option), meaning(option), values(option), standard(option))));
            text.append('\n');
        }
        paragraph(text, List.of(message.footer()));
        line.getSubcommands().values().forEach(each -> append(text, each));
    }

    private static void paragraph(StringBuilder text, List<String> lines) {
        String joined =
                String.join(" ", lines.stream().map(String::strip).toList()).strip();
        if (!joined.isEmpty()) {
            text.append(joined.replace("|", "\\|")).append("\n\n");
        }
    }

    private static String name(ArgSpec option) {
        String value = option.paramLabel() + (option.splitRegex().isEmpty() ? "" : ",...");
        return switch (option) {
            case OptionSpec flag when flag.arity().max() == 0 -> flag.longestName();
            case OptionSpec named -> named.longestName() + " " + value;
            default -> option.paramLabel() + (option.arity().isVariable() ? "..." : "");
        };
    }

    /** Without the rule and the default, which have columns of their own. */
    private static String meaning(ArgSpec option) {
        return String.join(" ", option.description()).replaceFirst(" \\([^()]*\\)$", "");
    }

    private static String values(ArgSpec option) {
        return Rule.of(option)
                .map(rule -> rule.words().replaceFirst("^in ", ""))
                .orElse("");
    }

    private static String standard(ArgSpec option) {
        return Stream.ofNullable(option.defaultValue())
                .map(value -> "`" + value + "`")
                .findFirst()
                .orElse("");
    }
}
