package dev.penstock.simulation.autoscale.scaler;

import java.util.OptionalDouble;

/**
 * What an autoscaler can read: the pods as Kubernetes knows them, and metrics as they were scraped last. A metric is empty where it is
 * missing.
 *
 * @param gpuUse the mean {@code gpu_utilization} of the pods whose containers run and that were scraped; 1 is always busy
 * @param workersWanted {@code penstock:workers_wanted}
 * @param predictedWaitSeconds the longest {@code inference_predicted_wait_seconds}
 * @param p99Seconds the 99th percentile of {@code inference_latency_seconds} over two minutes
 * @param lagRecords the lag of the workers' consumer group
 */
public record Reading(
        Pods.Phases pods,
        OptionalDouble gpuUse,
        OptionalDouble workersWanted,
        OptionalDouble predictedWaitSeconds,
        OptionalDouble p99Seconds,
        OptionalDouble lagRecords) {}
