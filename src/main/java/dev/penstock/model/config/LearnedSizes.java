package dev.penstock.model.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which sizes of a ladder rows are padded to, learned from the rows that come. Thread-safe.
 *
 * <p>A size that is used has a queue of its own, and so makes runs smaller; one that is not makes its rows longer. After every
 * {@value #ROWS_A_CHOICE} rows, the sizes are chosen that minimize
 *
 * <pre>  Σ rows(i) · (next chosen size ≥ size(i))  +  chosen sizes · elements / 64</pre>
 *
 * by dynamic programming, where elements is what all rows have if every size is used: a size is worth its queue where it spares a 64th of
 * the work. No row gets more than twice the size that the ladder has for it, whatever is chosen. What came before a choice counts half in the next.
 */
final class LearnedSizes {
    private static final int SMALLEST = 8;
    private static final int ROWS_A_CHOICE = 1024;
    private static final double QUEUE_PRICE = 1.0 / 64;
    private static final int MOST_GROWTH = 2;

    private final int[] sizes;
    private final int[] chosen;
    private final double[] rows;
    private long rowsSinceChoice;

    /** @param sizes ascending; all are used until enough rows have come */
    LearnedSizes(List<Integer> sizes) {
        this.sizes = sizes.stream().mapToInt(Integer::intValue).toArray();
        this.chosen = this.sizes.clone();
        this.rows = new double[this.sizes.length];
    }

    /** 8, 12, 16, 24, 32, 48 … up to the largest: from 8 on a row grows by less than half, and by a sixth where sizes are spread evenly. */
    static List<Integer> ladder(int largest) {
        List<Integer> ladder = new ArrayList<>();
        for (int size = SMALLEST; size < largest; size *= 2) {
            ladder.add(size);
            if (size + size / 2 < largest) {
                ladder.add(size + size / 2);
            }
        }
        ladder.add(largest);
        return ladder;
    }

    /** What so many rows of that size are padded to; that size itself when none of the ladder holds it. */
    synchronized long pad(long size, long count) {
        int at = at(size);
        if (at == sizes.length) {
            return size;
        }
        rows[at] += count;
        rowsSinceChoice += count;
        if (rowsSinceChoice >= ROWS_A_CHOICE) {
            choose();
            rowsSinceChoice = 0;
        }
        return chosen[at];
    }

    private int at(long size) {
        int at = 0;
        while (at < sizes.length && sizes[at] < size) {
            at++;
        }
        return at;
    }

    private void choose() {
        double elements = 0;
        for (int i = 0; i < sizes.length; i++) {
            elements += rows[i] * sizes[i];
        }
        // The least that sizes 0 to i can cost if i is used, and the size used before i; -1 for none.
        double[] least = new double[sizes.length];
        int[] before = new int[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            double padded = rows[i] * sizes[i];
            least[i] = Double.MAX_VALUE;
            for (int previous = i - 1; previous >= -1; previous--) {
                double cost = (previous < 0 ? 0 : least[previous]) + padded + QUEUE_PRICE * elements;
                if (cost < least[i]) {
                    least[i] = cost;
                    before[i] = previous;
                }
                if (previous < 0 || (rows[previous] > 0 && sizes[i] > MOST_GROWTH * sizes[previous])) {
                    break;
                }
                padded += rows[previous] * sizes[i];
            }
        }
        for (int used = sizes.length - 1; used >= 0; used = before[used]) {
            for (int i = before[used] + 1; i <= used; i++) {
                chosen[i] = sizes[used] > MOST_GROWTH * sizes[i] ? sizes[i] : sizes[used];
            }
        }
        Arrays.setAll(rows, i -> rows[i] / 2);
    }
}
