package dev.penstock.simulation.autoscale;

import dev.penstock.simulation.autoscale.scaler.Pods;

/**
 * A day to simulate.
 *
 * @param rampSeconds the promotion raises the load to its peak in so long
 * @param least workers at any time
 * @param most workers at any time; those beyond the partitions would have nothing to read
 * @param deadlineSeconds of each request; the gate refuses what would not make it
 */
record Setting(
        double peakPerSecond,
        double rampSeconds,
        int least,
        int most,
        int partitions,
        Pods.Start start,
        double deadlineSeconds,
        GpuCurve curve) {

    /** The recipe's: a peak of 4,200/s within ten minutes, 3 to 20 workers, and half a second for each request. */
    static final Setting RECIPE =
            new Setting(4200, 600, 3, 20, 120, new Pods.Start(60, 20, 10), 0.5, GpuCurve.T4_BERT_LARGE);
}
