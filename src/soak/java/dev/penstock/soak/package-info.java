/**
 * The soak: a deployment of real processes under mixed load, faults drawn from a seed, and the ledger as the judge. {@link
 * dev.penstock.soak.SoakRun} strikes one {@linkplain dev.penstock.soak.Fault fault} after the other. Each must prove that it struck; then it
 * heals, and calls through all doors must succeed within a bound.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.soak;
