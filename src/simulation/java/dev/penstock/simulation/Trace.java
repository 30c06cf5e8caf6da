package dev.penstock.simulation;

import java.util.Random;

/** How requests arrive. */
enum Trace {
    /** Independently, at a steady rate. */
    POISSON,
    /** Poisson, at five times the rate for a sixth of the time and at a fifth of it otherwise: a second on, five off. */
    BURST,
    /** Poisson, at a rate that swings between nothing and twice the mean; a day takes ten seconds. */
    DIURNAL,
    /** Poisson, of requests whose rows follow a power law: few requests hold most rows. */
    HEAVY;

    private static final double MOST_ROWS = 256;

    /** Rows a request holds on average. */
    double meanRows() {
        return this == HEAVY ? Math.log(MOST_ROWS) * MOST_ROWS / (MOST_ROWS - 1) : 1;
    }

    int rows(Random random) {
        return this == HEAVY ? (int) (1 / (1 - random.nextDouble() * (1 - 1 / MOST_ROWS))) : 1;
    }

    /** @param span the length of a burst's or a day's cycle */
    long gapNanos(Random random, double perSecond, long now, long span) {
        double phase = (double) (now % span) / span;
        double factor = switch (this) {
            case POISSON, HEAVY -> 1;
            case BURST -> phase < 1.0 / 6 ? 5 : 0.2;
            case DIURNAL -> Math.max(0.02, 1 - Math.cos(2 * Math.PI * phase));
        };
        double gap = -Math.log(1 - random.nextDouble()) * 1e9 / (perSecond * factor);
        return (long) Math.min(gap, span / 16.0); // so that a quiet spell does not skip the next busy one
    }
}
