package dev.penstock.cli.bench;

import picocli.CommandLine.Command;

/** {@code ./penstock bench batcher}. */
@Command(
        name = "batcher",
        description = "Measures the time of the batcher per request, by JMH.",
        footer = {"", "Writes target/bench/jmh.json."})
public non-sealed interface BatcherCommand extends BenchCommand {}
