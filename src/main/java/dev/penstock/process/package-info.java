/** How a process ends that cannot start, or that is stopped before it has. */
@org.jspecify.annotations.NullMarked
package dev.penstock.process;
