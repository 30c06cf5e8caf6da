package dev.penstock.kafka;

import java.util.Optional;

/**
 * How far an index has copied one partition. The index stores it beside the entries, and changes both in one step.
 *
 * @param nextOffset the first record that the index may lack
 * @param fromMillis the index has the records that were appended from this time on; epoch ms, on the clock of the indexer
 * @param untilMillis the index has the records that were appended before this time; epoch ms, on the clock of the index
 * @param evictions how many entries the index has dropped for want of room, as counted when it was last complete
 */
public record IndexPosition(long nextOffset, long fromMillis, long untilMillis, long evictions) {
    private static final int PARTS = 4;

    /** The text that {@link #parse} reads. */
    public String text() {
        return nextOffset + " " + fromMillis + " " + untilMillis + " " + evictions;
    }

    /** Empty when the text is not a position. */
    public static Optional<IndexPosition> parse(String text) {
        String[] parts = text.split(" ", -1);
        if (parts.length != PARTS) {
            return Optional.empty();
        }
        try {
            return Optional.of(new IndexPosition(
                    Long.parseLong(parts[0]),
                    Long.parseLong(parts[1]),
                    Long.parseLong(parts[2]),
                    Long.parseLong(parts[3])));
        } catch (NumberFormatException foreign) {
            return Optional.empty();
        }
    }

    IndexPosition at(long offset) {
        return new IndexPosition(offset, fromMillis, untilMillis, evictions);
    }

    /** The index is complete up to that time. If it has dropped entries since it was last complete, it is complete only from now on. */
    IndexPosition completeUntil(long millis, long evictionsThen, long nowMillis) {
        return new IndexPosition(
                nextOffset, evictionsThen == evictions ? fromMillis : nowMillis, millis, evictionsThen);
    }
}
