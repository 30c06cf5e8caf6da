package dev.penstock.messages;

/**
 * How long the stages of a request took, in milliseconds.
 *
 * @param queueMs from arrival in the log to the start of its batch, without {@code featuresMs}
 * @param featuresMs the feature lookup
 * @param computeMs the run of its batch
 * @param batchSize rows in its batch; 0 if it never ran
 */
public record Timings(double queueMs, double featuresMs, double computeMs, int batchSize) {
    public static final Timings NONE = new Timings(0, 0, 0, 0);

    public Timings {
        if (!(queueMs >= 0 && featuresMs >= 0 && computeMs >= 0 && batchSize >= 0)) {
            throw new IllegalArgumentException("timings must be 0 or more, were " + queueMs + ", " + featuresMs + ", "
                    + computeMs + " ms and " + batchSize + " rows");
        }
    }
}
