/** How a process ends that cannot start, or that is stopped before it has; and how an image asks a process whether it is healthy. */
@org.jspecify.annotations.NullMarked
package dev.penstock.process;
