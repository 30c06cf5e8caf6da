/**
 * Decides which requests run together, and when. A pure state machine without clock, thread, lock or I/O: time is a parameter, and the
 * wait is a return value. Imports only {@code java.util}, and of ours only the enum {@link dev.penstock.protocol.Lane}.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.batching;
