package dev.penstock.process;

import java.time.Duration;

/**
 * How a process warms up.
 *
 * @param atMost the longest warm-up
 * @param calls the most calls of an ingress to itself, and the most requests of a worker to itself
 * @param isAwaited whether the process reports itself as ready only when it is warm
 */
public record WarmUpPlan(Duration atMost, int calls, boolean isAwaited) {}
