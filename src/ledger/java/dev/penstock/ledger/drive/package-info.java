/**
 * Drives load through the doors of a service and records what its clients see. {@link dev.penstock.ledger.drive.LedgerRun} is the entry;
 * the {@linkplain dev.penstock.ledger.Ledger ledger} decides.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ledger.drive;
