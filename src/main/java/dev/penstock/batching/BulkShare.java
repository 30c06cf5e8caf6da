package dev.penstock.batching;

/** Keeps account of the rows that bulk work is owed while it waits (deficit round robin: Shreedhar and Varghese, 1995). */
final class BulkShare {
    private final double floor;
    private final int mostOwed;
    private double owed;

    BulkShare(double floor, int mostOwed) {
        this.floor = floor;
        this.mostOwed = mostOwed;
    }

    /** Rows of the next batch that are bulk's by right. */
    int owedRows() {
        return Math.max(0, (int) owed);
    }

    void ran(int rows, int bulkRows, boolean bulkStillWaits) {
        owed = Math.max(-mostOwed, Math.min(mostOwed, owed + floor * rows - bulkRows));
        if (!bulkStillWaits) {
            // Nothing is saved up: a right that was not used is gone, and so is what was had in advance.
            owed = 0;
        }
    }
}
