package dev.penstock.features.cache;

import java.util.Arrays;
import java.util.Random;

/** Draws entities 0, 1, 2 … by Zipf's law with exponent 1. The seed determines the sequence. */
public final class ZipfDraws {
    private final double[] cumulative;
    private final Random random;

    public ZipfDraws(int entities, long seed) {
        cumulative = new double[entities];
        random = new Random(seed);
        double sum = 0;
        for (int i = 0; i < entities; i++) {
            sum += 1.0 / (i + 1);
            cumulative[i] = sum;
        }
    }

    public int next() {
        int found = Arrays.binarySearch(cumulative, random.nextDouble() * cumulative[cumulative.length - 1]);
        return found >= 0 ? found : -found - 1;
    }
}
