package dev.penstock.batching;

/** A part in its queue. Ordered by deadline; among equal deadlines, by sequence. */
record Entry<R>(KeyQueue<R> queue, Part<R> part, long sequence) implements Comparable<Entry<R>> {

    long deadlineNanos() {
        return part.of().deadlineNanos();
    }

    @Override
    public int compareTo(Entry<R> other) {
        // By difference, so that the order survives the wrap of the nano clock.
        int byDeadline = Long.signum(deadlineNanos() - other.deadlineNanos());
        return byDeadline != 0 ? byDeadline : Long.compare(sequence, other.sequence);
    }
}
