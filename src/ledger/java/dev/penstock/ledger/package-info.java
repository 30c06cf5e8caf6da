/**
 * The ledger: decides whether a service kept the promise that an accepted request reaches exactly one visible outcome, which never
 * changes. {@link dev.penstock.ledger.Ledger} takes {@linkplain dev.penstock.ledger.Event events} and gives a {@linkplain
 * dev.penstock.ledger.Verdict verdict}. No I/O, no clock.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ledger;
