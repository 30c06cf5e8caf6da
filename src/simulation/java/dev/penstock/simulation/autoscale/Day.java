package dev.penstock.simulation.autoscale;

import java.util.List;

/**
 * The results of a day.
 *
 * @param peak what was counted while the promotion was at its height
 * @param mostWorkers at any time, those that started included
 * @param points one a minute
 */
record Day(Totals all, Totals peak, int mostWorkers, double promotionBeginsSeconds, List<Point> points) {
    private static final double HOUR = 3600;

    /** @param counts of the minute that ended then */
    record Point(double seconds, Totals counts) {
        double hour() {
            return seconds / HOUR;
        }

        double workers() {
            return counts.gpuSeconds / 60;
        }

        double offeredPerSecond() {
            return counts.offered / 60;
        }
    }

    double gpuHours() {
        return all.gpuSeconds / HOUR;
    }

    /** Of the GPUs that were there, those of workers that start included. */
    double meanUse() {
        return all.busySeconds / all.gpuSeconds;
    }

    double peakUse() {
        return peak.busySeconds / peak.gpuSeconds;
    }

    double refusedShare() {
        return all.refused / all.offered;
    }
}
