package dev.penstock.cli.bench;

import picocli.CommandLine.Command;

/** {@code ./penstock bench assembly}. */
@Command(
        name = "assembly",
        description = "Measures the time to copy the inputs of a batch, by JMH.",
        footer = {"", "Writes target/bench/jmh.json."})
public non-sealed interface AssemblyCommand extends BenchCommand {}
