/**
 * The idea: when to run which requests together. A pure state machine, with no clock, thread, lock or I/O: time is a parameter and
 * the wait is a return value. Imports nothing of ours, and of Java only {@code java.util}.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.batching;
