package dev.penstock.cli.command;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.Matches;
import dev.penstock.cli.option.OneOf;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock soak}. */
@Command(
        name = "soak",
        description = {
            "Runs a whole deployment under load and strikes it with faults, one after the other.",
            "Each fault proves that it struck. After it, calls must succeed again within a bound, and nothing may be lost.",
        },
        footer = {
            "",
            "Exits with 1 if anything was lost, doubled or changed, or if a fault had no proof. Linux only.",
            "Writes logs and a report to target/soak. docs/reliability.md lists the faults."
        })
public interface SoakCommand {
    @Option(
            names = "--minutes",
            paramLabel = "MINUTES",
            defaultValue = "3",
            description = "Minutes of load with faults.")
    @InRange(min = 0, max = 10_000)
    double minutes();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description =
                    "The seed of the faults, their order and their victims. Without it, a random one, which is printed.")
    @InRange(min = 0, max = 999_999_999)
    Optional<Long> seed();

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "100",
            description = "Requests per second, all ways together.")
    @InRange(min = 1, max = 10_000)
    int rate();

    @Option(
            names = "--ramp-up",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description =
                    "Seconds before the first fault, in which the rate grows evenly to the full one. Cold processes bear less.")
    @InRange(min = 0, max = 3_600)
    double rampUp();

    @Option(
            names = "--faults",
            paramLabel = "FAULT,...",
            description = "The faults to draw from. Without it, all that can be made.")
    @Matches(regex = "[a-z-]+(,[a-z-]+)*", form = "names of faults, with commas between")
    Optional<String> faults();

    @Option(names = "--brokers", paramLabel = "N", defaultValue = "1", description = "The number of brokers.")
    @OneOf({"1", "3"})
    String brokers();

    @Option(names = "--table", description = "Prints the last report as a table in Markdown. Runs nothing.")
    boolean table();
}
