/** Meters that no single role owns: those that both roles count on, and what the machine says of itself. Lists: docs/metrics.md. */
@org.jspecify.annotations.NullMarked
package dev.penstock.metrics;
