package dev.penstock.batching;

/** Rows {@code fromRow} to {@code fromRow + rows} of a request: all of them, or what one batch takes of a large one. */
public record Part<R>(Waiting<R> of, int fromRow, int rows) {

    public Part {
        if (fromRow < 0 || rows < 1 || rows > of.rows() - fromRow) {
            throw new IllegalArgumentException(
                    "rows must be in 1.." + (of.rows() - fromRow) + " from row " + fromRow + ", was " + rows);
        }
    }

    static <R> Part<R> whole(Waiting<R> waiting) {
        return new Part<>(waiting, 0, waiting.rows());
    }

    public R request() {
        return of.request();
    }

    public boolean isWhole() {
        return rows == of.rows();
    }

    Part<R> first(int count) {
        return count == rows ? this : new Part<>(of, fromRow, count);
    }

    Part<R> without(int count) {
        return new Part<>(of, fromRow + count, rows - count);
    }
}
