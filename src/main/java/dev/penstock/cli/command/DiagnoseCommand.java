package dev.penstock.cli.command;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.Matches;
import java.net.URI;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock diagnose}. */
@Command(
        name = "diagnose",
        description = {
            "Says which part of a running service is the bottleneck, by which figures, and what to turn.",
            "Reads the metrics twice, and judges what happened in between.",
        },
        footer = {"", "docs/diagnose.md lists the verdicts. Exits with 1 if an address does not answer."})
public interface DiagnoseCommand {
    @Option(
            names = "--url",
            paramLabel = "URL",
            split = ",",
            defaultValue = "http://127.0.0.1:9000",
            description =
                    "The management addresses of all ingresses and workers, separated by commas or each with --url. The default"
                            + " is that of ./penstock up.")
    @Matches(regex = "https?://[^/:]+(:[0-9]{1,5})?(/.*)?", form = "http://HOST:PORT")
    List<URI> urls();

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "5",
            description = "Seconds between the two looks. Take more than the slowest request takes.")
    @InRange(min = 1, max = 600)
    int seconds();
}
