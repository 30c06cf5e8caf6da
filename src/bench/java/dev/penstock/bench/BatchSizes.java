package dev.penstock.bench;

import java.io.IOException;
import java.net.URI;

/** What a worker's metrics say about the batches of a model so far. */
record BatchSizes(double rows, double batches) {

    static BatchSizes scrape(URI management, String model) throws IOException, InterruptedException {
        return of(Metrics.scrape(management), model);
    }

    /** Series of several workers and versions are added up. */
    static BatchSizes of(Metrics metrics, String model) {
        String label = "model=\"" + model + "\"";
        return new BatchSizes(
                metrics.sum("inference_batch_size_sum", label), metrics.sum("inference_batch_size_count", label));
    }

    /** The mean size of the batches since then; 0 when there were none. */
    double meanSince(BatchSizes earlier) {
        double since = batches - earlier.batches;
        return since == 0 ? 0 : (rows - earlier.rows) / since;
    }
}
