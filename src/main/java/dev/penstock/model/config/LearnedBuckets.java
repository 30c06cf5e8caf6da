package dev.penstock.model.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Learns from traffic which sizes of a ladder are worth padding to. Thread-safe.
 *
 * <p>Every size in use has its own queue, which makes batches smaller. A size that is not in use pads its rows to a longer one. After every
 * {@value #ROWS_PER_CHOICE} rows, the sizes are chosen that minimize
 *
 * <pre>  Σ rows(i) · (next chosen size ≥ size(i))  +  chosen sizes · elements / 64</pre>
 *
 * by dynamic programming. Here {@code elements} is the number of elements in all rows if every size is in use, so a size is worth its
 * queue if it saves 1/64 of the work. No row is padded to more than twice its size in the ladder. Earlier rows count half in each later
 * choice.
 */
final class LearnedBuckets {
    private static final int SMALLEST = 8;
    private static final int ROWS_PER_CHOICE = 1024;
    private static final double QUEUE_PRICE = 1.0 / 64;
    private static final int MAX_GROWTH = 2;

    private final int[] sizes;
    private final int[] chosen;
    private final double[] rows;
    private long rowsSinceChoice;

    /** @param sizes ascending; all are in use until the first choice */
    LearnedBuckets(List<Integer> sizes) {
        this.sizes = sizes.stream().mapToInt(Integer::intValue).toArray();
        this.chosen = this.sizes.clone();
        this.rows = new double[this.sizes.length];
    }

    /** 8, 12, 16, 24, 32, 48 … up to {@code largest}. From 8 on, a row grows by less than half; by a sixth on average if sizes are uniform. */
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

    /** Records {@code count} rows of this size and returns their padded size. Sizes above the ladder are not padded. */
    synchronized long pad(long size, long count) {
        int at = at(size);
        if (at == sizes.length) {
            return size;
        }
        rows[at] += count;
        rowsSinceChoice += count;
        if (rowsSinceChoice >= ROWS_PER_CHOICE) {
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
        // The minimum cost of sizes 0 to i if i is in use, and the previous size in use; -1 for none.
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
                if (previous < 0 || (rows[previous] > 0 && sizes[i] > MAX_GROWTH * sizes[previous])) {
                    break;
                }
                padded += rows[previous] * sizes[i];
            }
        }
        for (int used = sizes.length - 1; used >= 0; used = before[used]) {
            for (int i = before[used] + 1; i <= used; i++) {
                chosen[i] = sizes[used] > MAX_GROWTH * sizes[i] ? sizes[i] : sizes[used];
            }
        }
        Arrays.setAll(rows, i -> rows[i] / 2);
    }
}
