package dev.penstock.bench;

import java.io.IOException;
import java.net.URI;

/** The batches of a model so far, from a worker's metrics. */
record BatchSizes(double rows, double batches) {

    static BatchSizes scrape(URI management, String model) throws IOException, InterruptedException {
        return of(Metrics.scrape(management), model);
    }

    /** Sums the series of all workers and versions. */
    static BatchSizes of(Metrics metrics, String model) {
        String label = "model=\"" + model + "\"";
        return new BatchSizes(
                metrics.sum("inference_batch_size_sum", label), metrics.sum("inference_batch_size_count", label));
    }

    /** Returns the mean size of the batches since then; 0 when there were none. */
    double meanSince(BatchSizes earlier) {
        double since = batches - earlier.batches;
        return since == 0 ? 0 : (rows - earlier.rows) / since;
    }
}
