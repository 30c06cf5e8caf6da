package dev.penstock.simulation;

import java.util.Random;

/** The ways in which requests arrive. */
enum Trace {
    /** Independently, at a steady rate. */
    POISSON,
    /** Poisson, at five times the rate for a sixth of the time, and at a fifth of the rate otherwise. */
    BURST,
    /** Poisson, at a rate that swings between zero and twice the mean. A day takes ten seconds. */
    DIURNAL,
    /** Poisson, with rows per request that follow a power law: few requests hold most rows. */
    HEAVY;

    private static final double MOST_ROWS = 256;

    /** The mean rows per request. */
    double meanRows() {
        return this == HEAVY ? Math.log(MOST_ROWS) * MOST_ROWS / (MOST_ROWS - 1) : 1;
    }

    int rows(Random random) {
        return this == HEAVY ? (int) (1 / (1 - random.nextDouble() * (1 - 1 / MOST_ROWS))) : 1;
    }

    /** @param span the length of one cycle of a burst or a day */
    long gapNanos(Random random, double perSecond, long now, long span) {
        double phase = (double) (now % span) / span;
        double factor = switch (this) {
            case POISSON, HEAVY -> 1;
            case BURST -> phase < 1.0 / 6 ? 5 : 0.2;
            case DIURNAL -> Math.max(0.02, 1 - Math.cos(2 * Math.PI * phase));
        };
        double gap = -Math.log(1 - random.nextDouble()) * 1e9 / (perSecond * factor);
        return (long) Math.min(gap, span / 16.0); // a longer gap could skip the next busy phase
    }
}
