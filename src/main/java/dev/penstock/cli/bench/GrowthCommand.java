package dev.penstock.cli.bench;

import dev.penstock.cli.option.InRange;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./penstock bench growth}. */
@Command(
        name = "growth",
        description = {
            "Measures how the cost of a synchronous call grows: with its size, and with what else there is. All in one",
            "process, 64 connections. And how that of a request by Kafka grows with those that wait before it.",
            "A dimension with the value 0 is left out."
        },
        footer = {"", "Writes target/bench/growth.json and target/bench/growth-DIMENSION.svg."})
public non-sealed interface GrowthCommand extends BenchCommand {
    @Option(
            names = "--connections",
            paramLabel = "N",
            split = ",",
            defaultValue = "64,256,1024,4096",
            description = "Connections of a closed loop.")
    @InRange(min = 0, max = 10_000)
    List<Integer> connections();

    @Option(
            names = "--rows",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,10,100,1000",
            description = "Rows of a request, as JSON.")
    @InRange(min = 0, max = 10_000)
    List<Integer> rows();

    @Option(
            names = "--kib",
            paramLabel = "KIB",
            split = ",",
            defaultValue = "1,10,100,1000",
            description = "Size of a request of one row, and of its answer, in binary form.")
    @InRange(min = 0, max = 8_000)
    List<Integer> kib();

    @Option(
            names = "--models",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,10,100",
            description = "Models that are served. One is called.")
    @InRange(min = 0, max = 1_000)
    List<Integer> models();

    @Option(
            names = "--partitions",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,20,200",
            description = "Partitions of each request topic.")
    @InRange(min = 0, max = 1_000)
    List<Integer> partitions();

    @Option(
            names = "--tenants",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,100,10000",
            description = "Tenants that call in turns.")
    @InRange(min = 0, max = 100_000)
    List<Integer> tenants();

    @Option(
            names = "--quotas",
            paramLabel = "N",
            split = ",",
            defaultValue = "1,100,10000",
            description = "Tenants that call in turns, each with a quota.")
    @InRange(min = 0, max = 100_000)
    List<Integer> quotas();

    @Option(
            names = "--pending",
            paramLabel = "N",
            split = ",",
            defaultValue = "1000,10000,100000",
            description = "Requests by Kafka that wait in the log. A measurement has at least so many.")
    @InRange(min = 0, max = 1_000_000)
    List<Integer> pending();

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            defaultValue = "6",
            description = "Seconds of each measurement.")
    @InRange(min = 1, max = 3600)
    int seconds();

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "40",
            description = "Seconds of load on each point before the first measurement.")
    @InRange(min = 0, max = 3600)
    int warmUp();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Rounds of all points, one after the other.")
    @InRange(min = 1, max = 100)
    int rounds();
}
