package dev.penstock.simulation.autoscale;

import java.util.Random;

/**
 * A fluid model of a model's workers behind the gate, in steps of a quarter of a second.
 *
 * <p>Requests are spread evenly over the partitions. Of P partitions each of N workers reads P/N, rounded up or down, so there are two kinds
 * of workers. All of a kind have the same load, so one of each is computed. Its backlog grows by its arrivals, which are drawn, and shrinks
 * by what it runs in full batches. Without backlog its batches are {@link SteadyBatches}.
 *
 * <p>A request waits for the backlog in front of it, for the rest of the running batch, and for its own. It was refused if 1.8 times the
 * predicted wait did not fit its deadline, as the gate does. It expires if it could not run by its deadline.
 */
final class FluidService {
    static final double STEP_SECONDS = 0.25;

    /** As in {@code LaneAdmission}. */
    static final double CAUTION = 1.8;

    private static final double CAUTIOUS_DRAIN = 0.95;
    private static final double LOOK_SECONDS = 0.25;
    private static final double NEAR = 0.4;

    /** Without backlog, a row waits for half of a run on average, and runs. */
    private static final double RUNS_HELD = 1.5;

    private final SteadyBatches steady;
    private final double capacity;
    private final double fullRunSeconds;
    private final double deadlineSeconds;
    private final double waySeconds;
    private final double standstillSeconds;
    private final int partitions;
    private final Random random;
    private final Totals totals;

    /** Rows that wait at one worker with more partitions, and at one with fewer. */
    private final double[] backlog = new double[2];

    private int workers;
    private double movedShare;
    private double movesForSeconds;
    private double busyNow;
    private double heldNow;

    /**
     * @param waySeconds through HTTP and Kafka, both ways
     * @param standstillSeconds for so long, nobody reads a partition that moves to another worker
     */
    FluidService(
            GpuCurve curve,
            double deadlineSeconds,
            double waySeconds,
            double standstillSeconds,
            int partitions,
            Random random,
            Totals totals) {
        this.steady = new SteadyBatches(curve);
        this.capacity = curve.rowsPerSecond();
        this.fullRunSeconds = curve.seconds(curve.targetRows());
        this.deadlineSeconds = deadlineSeconds;
        this.waySeconds = waySeconds;
        this.standstillSeconds = standstillSeconds;
        this.partitions = partitions;
        this.random = random;
        this.totals = totals;
    }

    /** @param ready workers that serve; at least one */
    void step(double offeredPerSecond, int ready) {
        if (ready != workers) {
            rebalance(ready);
        }
        double admitted = Math.min(offeredPerSecond, admittedPerSecond());
        double refused = (offeredPerSecond - admitted) * STEP_SECONDS;
        totals.offered += refused;
        totals.refused += refused;
        int reading = Math.min(workers, partitions);
        int more = partitions % reading;
        double least = Math.floor((double) partitions / reading) / partitions;
        busyNow = 0;
        heldNow = 0;
        serve(0, more, admitted * (least + 1.0 / partitions));
        serve(1, reading - more, admitted * least);
        totals.busySeconds += busyNow * STEP_SECONDS;
        movesForSeconds -= STEP_SECONDS;
    }

    /** Rows that wait, at all workers. */
    double backlogRows() {
        int reading = Math.max(1, Math.min(workers, partitions));
        int more = partitions % reading;
        return backlog[0] * more + backlog[1] * (reading - more);
    }

    /** Rows that are not answered: those that wait, and those that run or wait for the running batch. */
    double unansweredRows() {
        return backlogRows() + heldNow;
    }

    /** As the ingress computes it. */
    double predictedWaitSeconds() {
        return backlogRows() / (capacity * Math.max(1, Math.min(workers, partitions)));
    }

    /** The gate sees a backlog that is a quarter of a second old, and adds what it admitted since then. */
    private double admittedPerSecond() {
        double speed = capacity * Math.min(workers, partitions);
        double room = deadlineSeconds / CAUTION - predictedWaitSeconds();
        return Math.max(0, CAUTIOUS_DRAIN * speed + room * speed / LOOK_SECONDS);
    }

    /** The backlog stays where it is, in partitions, so it is spread over the workers of now. */
    private void rebalance(int ready) {
        double rows = backlogRows();
        movedShare = workers == 0 ? 0 : (double) Math.abs(ready - workers) / Math.max(ready, workers);
        movesForSeconds = standstillSeconds;
        workers = ready;
        backlog[0] = rows / Math.min(ready, partitions);
        backlog[1] = backlog[0];
    }

    /** One kind of workers: {@code count} of them, each with these arrivals. */
    private void serve(int kind, int count, double perSecond) {
        if (count == 0) {
            return;
        }
        double arrived = arrivals(perSecond * STEP_SECONDS);
        double before = backlog[kind];
        double ran = Math.min(before + arrived, capacity * STEP_SECONDS);
        double after = before + arrived - ran;
        boolean isBehind = after > 0;
        double run = isBehind ? fullRunSeconds : steady.runSeconds(perSecond);
        double longest = Math.max(0, deadlineSeconds - waySeconds - run) * capacity;
        double expired = Math.max(0, after - longest);
        backlog[kind] = after - expired;
        busyNow += count * (isBehind ? 1 : steady.busy(perSecond));
        heldNow += count * Math.min(perSecond, capacity) * RUNS_HELD * run;
        totals.offered += count * arrived;
        totals.expired += count * expired;
        totals.ran += count * ran;
        double shortest = waySeconds + run + (before + backlog[kind]) / 2 / capacity;
        double onTime = count * ran * (movesForSeconds > 0 ? 1 - movedShare : 1);
        for (int i = 0; i < Totals.BOUNDS.length; i++) {
            totals.within[i] += onTime * Math.clamp((Totals.BOUNDS[i] - shortest) / run, 0, 1);
        }
    }

    /** Poisson's distribution, as far as it matters: far below the capacity, an uneven second makes no backlog. */
    private double arrivals(double mean) {
        boolean isNearCapacity = mean > NEAR * capacity * STEP_SECONDS;
        return isNearCapacity ? Math.max(0, mean + Math.sqrt(mean) * random.nextGaussian()) : mean;
    }
}
