package dev.penstock.batching;

/** Counts the rows that waiting bulk work is owed (deficit round robin: Shreedhar and Varghese, 1995). */
final class BulkShare {
    private final double floor;
    private final int mostOwed;
    private double owed;

    BulkShare(double floor, int mostOwed) {
        this.floor = floor;
        this.mostOwed = mostOwed;
    }

    /** The rows of the next batch that belong to bulk work. */
    int owedRows() {
        return Math.max(0, (int) owed);
    }

    void ran(int rows, int bulkRows, boolean bulkStillWaits) {
        owed = Math.max(-mostOwed, Math.min(mostOwed, owed + floor * rows - bulkRows));
        if (!bulkStillWaits) {
            // Nothing carries over: an unused share is lost, and rows that were taken in advance are forgiven.
            owed = 0;
        }
    }
}
