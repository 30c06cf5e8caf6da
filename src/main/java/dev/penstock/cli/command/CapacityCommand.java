package dev.penstock.cli.command;

import dev.penstock.cli.option.InRange;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock simulate capacity}. */
@Command(
        name = "capacity",
        description =
                "Computes what a deployment needs for a load: workers, partitions, brokers, bytes, disks, Redis, ingresses.",
        footer = {"", "docs/capacity.md has the formulas and the measured costs."})
public interface CapacityCommand {
    @Option(
            names = "--rate",
            paramLabel = "REQUESTS",
            required = true,
            description = "Requests per second at the peak.")
    @InRange(min = 0, max = 999_999_999)
    double rate();

    @Option(
            names = "--worker",
            paramLabel = "ROWS",
            defaultValue = "284",
            description =
                    "Rows per second of a worker, as its inference_capacity_rows_per_second says. The default is BERT Large on a T4.")
    @InRange(min = 0, max = 999_999_999)
    double workerRows();

    @Option(names = "--rows", paramLabel = "ROWS", defaultValue = "1", description = "Rows per request.")
    @InRange(min = 0, max = 1_000_000)
    double rows();

    @Option(names = "--load", paramLabel = "PERCENT", defaultValue = "85", description = "How busy a worker may be.")
    @InRange(min = 1, max = 100)
    double loadPercent();

    @Option(names = "--request-bytes", paramLabel = "BYTES", defaultValue = "2048", description = "Bytes of a request.")
    @InRange(min = 1, max = 999_999_999)
    double requestBytes();

    @Option(names = "--reply-bytes", paramLabel = "BYTES", defaultValue = "1024", description = "Bytes of a reply.")
    @InRange(min = 1, max = 999_999_999)
    double replyBytes();

    @Option(
            names = "--kept",
            paramLabel = "PERCENT",
            defaultValue = "0",
            description = "The percentage of requests whose outcome is kept for polling.")
    @InRange(min = 0, max = 100)
    double keptPercent();

    @Option(names = "--replicas", paramLabel = "N", defaultValue = "3", description = "Replicas of each partition.")
    @InRange(min = 1, max = 100)
    int replicas();

    @Option(
            names = "--request-hours",
            paramLabel = "HOURS",
            defaultValue = "24",
            description = "Hours for which topics keep requests.")
    @InRange(min = 0, max = 87_600)
    double requestHours();

    @Option(
            names = "--result-hours",
            paramLabel = "HOURS",
            defaultValue = "24",
            description = "Hours for which topics keep replies.")
    @InRange(min = 0, max = 87_600)
    double resultHours();

    @Option(
            names = "--pollable-hours",
            paramLabel = "HOURS",
            defaultValue = "1",
            description = "Hours for which outcomes can be polled.")
    @InRange(min = 0, max = 720)
    double pollableHours();

    @Option(names = "--broker-cores", paramLabel = "N", defaultValue = "4", description = "Cores of a broker.")
    @InRange(min = 1, max = 1024)
    int brokerCores();

    @Option(names = "--ingress-cores", paramLabel = "N", defaultValue = "2", description = "Cores of an ingress.")
    @InRange(min = 1, max = 1024)
    int ingressCores();
}
