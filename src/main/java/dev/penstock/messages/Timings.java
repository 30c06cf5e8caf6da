package dev.penstock.messages;

/**
 * Where a request's time went.
 *
 * @param queueMs from its arrival in the log to the start of its batch, without the time that its features took
 * @param featuresMs for which its features were looked up
 * @param batchSize rows in its batch; 0 when it never ran
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
