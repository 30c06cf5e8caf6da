/** The benchmarks with their options, one interface for each. */
@org.jspecify.annotations.NullMarked
package dev.penstock.cli.bench;
