/** The commands with their options, one interface for each. Benchmarks have a package of their own. */
@org.jspecify.annotations.NullMarked
package dev.penstock.cli.command;
