package dev.penstock.cli.bench;

import picocli.CommandLine.Command;

/** {@code ./penstock bench self}. */
@Command(name = "self", description = "Measures the load generator against a server that does almost nothing.")
public non-sealed interface SelfCommand extends BenchCommand {}
