package dev.penstock.simulation.autoscale;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The requests per second of a day. A sine with its minimum at four in the morning is the ordinary load; its mean is a tenth of the peak. A
 * promotion in the evening raises it to the peak within minutes, holds it there for an hour, and lets it fall. A few smaller surges come at
 * any time. All of it is uneven: noise with a memory of a minute, and noise with a memory of seconds. The seed decides when and how much.
 */
final class LoadTrace {
    static final double DAY_SECONDS = 86_400;

    private static final double HOUR = 3600;
    private static final double TENFOLD = 10;
    private static final double SWING = 0.6;
    private static final double LOWEST_AT = 4 * HOUR;
    private static final double PLATEAU_SECONDS = HOUR;
    private static final double FALL_SECONDS = HOUR / 3;
    private static final int SURGES = 3;
    private static final double SURGE_RISE_SECONDS = 180;
    private static final double SURGE_SECONDS = 900;

    /** A surge or the promotion: rises linearly, holds, falls linearly. */
    private record Wave(double begin, double rise, double hold, double fall, double height) {
        double at(double seconds) {
            double since = seconds - begin;
            double up = since / rise;
            double down = (rise + hold + fall - since) / fall;
            return Math.clamp(Math.min(up, down), 0, 1);
        }
    }

    /** Noise that forgets: an Ornstein-Uhlenbeck process, exact for its step. */
    private static final class Noise {
        private final double keeps;
        private final double adds;
        private double value;

        Noise(double spread, double memorySeconds) {
            keeps = Math.exp(-FluidService.STEP_SECONDS / memorySeconds);
            adds = spread * Math.sqrt(1 - keeps * keeps);
        }

        double next(Random random) {
            value = keeps * value + adds * random.nextGaussian();
            return value;
        }
    }

    private final double peak;
    private final Wave promotion;
    private final List<Wave> surges = new ArrayList<>();
    private final Random random;
    private final Noise slow = new Noise(0.03, 60);
    private final Noise fast = new Noise(0.05, 5);

    LoadTrace(double peakPerSecond, double rampSeconds, long seed) {
        this.peak = peakPerSecond;
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.promotion = new Wave((19 + random.nextDouble()) * HOUR, rampSeconds, PLATEAU_SECONDS, FALL_SECONDS, 1);
        for (int i = 0; i < SURGES; i++) {
            surges.add(new Wave(
                    random.nextDouble() * 18 * HOUR,
                    SURGE_RISE_SECONDS,
                    SURGE_SECONDS,
                    SURGE_RISE_SECONDS,
                    0.4 + 0.6 * random.nextDouble()));
        }
    }

    /** The load of the next step. Steps are asked for in order, since noise has a memory. */
    double next(double seconds) {
        double noise = Math.exp(slow.next(random) + fast.next(random));
        return smooth(seconds) * noise;
    }

    /** The load without noise. */
    double smooth(double seconds) {
        double mean = peak / TENFOLD;
        double load = mean * (1 - SWING * Math.cos(2 * Math.PI * (seconds - LOWEST_AT) / DAY_SECONDS));
        for (Wave surge : surges) {
            load *= 1 + surge.height * surge.at(seconds);
        }
        return load + (peak - load) * promotion.at(seconds);
    }

    /** Whether the promotion is at its height. */
    boolean isPeak(double seconds) {
        return promotion.at(seconds) >= 1;
    }

    double promotionBeginsSeconds() {
        return promotion.begin;
    }
}
