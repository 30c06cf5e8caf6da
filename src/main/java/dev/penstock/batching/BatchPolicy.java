package dev.penstock.batching;

import java.util.List;

/**
 * The settings that bound each batch.
 *
 * @param maxBatchSize the most rows in a batch
 * @param window how long a batch is held open for more requests while the accelerator is idle
 * @param preferredSizes row counts that run without further waiting, ascending
 * @param bulkFloor the share of rows that waiting bulk work gets, however much interactive work there is
 */
public record BatchPolicy(int maxBatchSize, Window window, List<Integer> preferredSizes, double bulkFloor) {

    public BatchPolicy {
        if (maxBatchSize < 1 || maxBatchSize > 1024) {
            throw new IllegalArgumentException("maxBatchSize must be in 1..1024, was " + maxBatchSize);
        }
        preferredSizes = preferredSizes.stream().sorted().distinct().toList();
        for (int size : preferredSizes) {
            if (size < 1 || size > maxBatchSize) {
                throw new IllegalArgumentException("preferredSizes must be in 1.." + maxBatchSize + ", had " + size);
            }
        }
        if (!(bulkFloor >= 0 && bulkFloor <= 1)) {
            throw new IllegalArgumentException("bulkFloor must be in 0..1, was " + bulkFloor);
        }
    }

    public static BatchPolicy of(int maxBatchSize, Window window) {
        return new BatchPolicy(maxBatchSize, window, List.of(), 0.05);
    }
}
