package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import dev.penstock.cli.option.Matches;
import dev.penstock.cli.option.OneOf;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench sync}. */
@Command(
        name = "sync",
        description = "Measures synchronous calls: idle latency, closed loops and an open loop.",
        footer = {"", "Writes target/bench/sync.json."})
public non-sealed interface SyncCommand extends BenchCommand {
    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "Measures the service at this address. Without it, starts a service of its own.")
    @Matches(regex = "http://[^/:]+:[0-9]{1,5}", form = "http://HOST:PORT")
    Optional<URI> url();

    @Option(
            names = "--management",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:9000",
            description = "With --url: the address of health and metrics.")
    @Matches(regex = "http://[^/:]+:[0-9]{1,5}", form = "http://HOST:PORT")
    URI management();

    @Option(
            names = "--kafka",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:9092",
            description = "With --url: the broker.")
    String kafka();

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            defaultValue = "digits",
            description = "The model to call. Only digits has known answers.")
    @OneOf("digits")
    String model();

    @Option(
            names = "--connections",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,64,256",
            description = "Connections of each closed loop.")
    @InRange(min = 1, max = 10_000)
    List<Integer> connections();

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "4200",
            description = "Requests per second of the open loop.")
    @InRange(min = 1, max = 1_000_000)
    int rate();

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            defaultValue = "20",
            description = "Seconds of each measurement.")
    @InRange(min = 1, max = 3600)
    int seconds();

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "Seconds of load before the first measurement.")
    @InRange(min = 0, max = 3600)
    int warmUp();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Rounds of all measurements, one after the other.")
    @InRange(min = 1, max = 100)
    int rounds();
}
