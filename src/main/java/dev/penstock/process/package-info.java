/**
 * How a process begins and ends: how it warms up, how it ends when it cannot start or is stopped before it has, and how an image asks it
 * whether it is healthy.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.process;
