package dev.penstock.cli;

import dev.penstock.cli.option.Rule;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The messages for arguments that cannot be taken. Each names the option, the value and the rule, or the nearest name. */
final class Mistake {
    private Mistake() {}

    /** The whole message, with a hint to the help of the command. */
    static String message(ParameterException mistake) {
        CommandSpec command = mistake.getCommandLine().getCommandSpec();
        String name = command.qualifiedName();
        return "%s: %s%nSee ./%s --help".formatted(name, reason(mistake), name);
    }

    /** Throws where a value of the command breaks the rule of its option. */
    static void requireRulesKept(ParseResult command) {
        Stream.concat(command.matchedOptions().stream(), command.matchedPositionals().stream())
                .forEach(option -> requireRuleKept(command, option));
    }

    private static void requireRuleKept(ParseResult command, ArgSpec option) {
        Rule.of(option)
                .ifPresent(rule -> option.stringValues().stream()
                        .filter(value -> !rule.holds().test(value))
                        .findFirst()
                        .ifPresent(value -> {
                            throw new ParameterException(
                                    command.commandSpec().commandLine(), rule.message(name(option), value));
                        }));
    }

    private static String reason(ParameterException mistake) {
        return switch (mistake) {
            case UnmatchedArgumentException unmatched -> unknown(unmatched);
            case MissingParameterException missing
            when !missing.getMissing().isEmpty() ->
                needsValue(missing.getMissing().getFirst());
            case OverwrittenOptionException twice ->
                name(twice.getOverwritten()) + " must be given once, was given twice";
            default -> badValue(mistake).orElseGet(mistake::getMessage);
        };
    }

    private static String unknown(UnmatchedArgumentException mistake) {
        String given = mistake.getUnmatched().getFirst();
        CommandSpec command = mistake.getCommandLine().getCommandSpec();
        Set<String> commands = command.subcommands().keySet();
        boolean isOption = given.startsWith("-");
        String kind = isOption ? "option" : commands.isEmpty() ? "argument" : "command";
        Set<String> names = isOption ? command.optionsMap().keySet() : commands;
        List<String> nearest = Nearest.to(given.replaceFirst("=.*", ""), names);
        String hint = nearest.isEmpty() ? "" : "; did you mean " + String.join(" or ", nearest) + "?";
        return "unknown %s \"%s\"%s".formatted(kind, given, hint);
    }

    private static String needsValue(ArgSpec option) {
        return Rule.of(option)
                .map(rule -> "%s needs a value, which must be %s".formatted(name(option), rule.words()))
                .orElseGet(() -> "%s needs a value: %s".formatted(name(option), option.paramLabel()));
    }

    private static Optional<String> badValue(ParameterException mistake) {
        return Optional.ofNullable(mistake.getArgSpec())
                .filter(option -> mistake.getValue() != null)
                .flatMap(option -> Rule.of(option).map(rule -> rule.message(name(option), mistake.getValue())));
    }

    private static String name(ArgSpec option) {
        return switch (option) {
            case OptionSpec named -> named.longestName();
            case PositionalParamSpec positional -> positional.paramLabel();
            default -> option.paramLabel();
        };
    }
}
