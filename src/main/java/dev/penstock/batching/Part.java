package dev.penstock.batching;

/** Rows {@code fromRow} to {@code fromRow + rows} of a request: all rows, or those that one batch takes of a large request. */
public record Part<R>(QueuedRequest<R> of, int fromRow, int rows) {

    public Part {
        if (fromRow < 0 || rows < 1 || rows > of.rows() - fromRow) {
            throw new IllegalArgumentException(
                    "rows must be in 1.." + (of.rows() - fromRow) + " from row " + fromRow + ", was " + rows);
        }
    }

    static <R> Part<R> whole(QueuedRequest<R> request) {
        return new Part<>(request, 0, request.rows());
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
