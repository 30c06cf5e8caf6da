package dev.penstock.simulation.autoscale;

import dev.penstock.simulation.autoscale.scaler.Autoscaler;
import dev.penstock.simulation.autoscale.scaler.Pods;
import dev.penstock.simulation.autoscale.scaler.Reading;
import dev.penstock.simulation.autoscale.scaler.WorkersWanted;
import dev.penstock.simulation.capacity.Cost;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;

/** A day of one model under one autoscaler. The seed decides everything: the load, its noise, and how long each worker takes to start. */
final class AutoscaleSimulation {
    private static final int STEPS = (int) (LoadTrace.DAY_SECONDS / FluidService.STEP_SECONDS);
    private static final int STEPS_PER_SYNC = (int) (Autoscaler.SYNC_SECONDS / FluidService.STEP_SECONDS);
    private static final int STEPS_PER_POINT = (int) (60 / FluidService.STEP_SECONDS);

    /** Prometheus scrapes at the beginning of each interval, evaluates its rules in the middle, and the HPA reads them at the end. */
    private static final int RULES_AT = STEPS_PER_SYNC / 2;

    private static final int HPA_AT = STEPS_PER_SYNC - 1;

    /** The histogram of latencies is read over two minutes. */
    private static final int LATENCY_SCRAPES = 120 / Autoscaler.SYNC_SECONDS;

    private final Setting setting;
    private final Autoscaler autoscaler;
    private final LoadTrace load;
    private final Totals totals = new Totals();
    private final FluidService service;
    private final Pods pods;
    private final WorkersWanted rules = new WorkersWanted();
    private final List<Totals> scrapes = new ArrayList<>();
    private final List<Day.Point> points = new ArrayList<>();
    private final Totals peak = new Totals();
    private double gpuUse;
    private double scrapedWaitSeconds;
    private double workersWanted = Double.NaN;
    private int mostWorkers;

    AutoscaleSimulation(Setting setting, Autoscaler autoscaler, int workersAtFirst, long seed) {
        this.setting = setting;
        this.autoscaler = autoscaler;
        this.load = new LoadTrace(setting.peakPerSecond(), setting.rampSeconds(), seed);
        this.service = new FluidService(
                setting.curve(),
                setting.deadlineSeconds(),
                Cost.WAY.seconds(),
                Cost.STANDSTILL.seconds(),
                setting.partitions(),
                new Random(seed),
                totals);
        this.pods = new Pods(workersAtFirst, setting.start(), new Random(~seed));
    }

    Day run() {
        Totals atPoint = totals.copy();
        Totals atPeak = totals.copy();
        boolean wasPeak = false;
        for (int step = 0; step < STEPS; step++) {
            double now = step * FluidService.STEP_SECONDS;
            switch (step % STEPS_PER_SYNC) {
                case 0 -> scrape(now);
                case RULES_AT -> workersWanted = rules.evaluate(now);
                case HPA_AT -> sync(now);
                default -> {}
            }
            if (load.isPeak(now) != wasPeak) {
                if (wasPeak) {
                    peak.add(totals.since(atPeak));
                }
                atPeak = totals.copy();
                wasPeak = !wasPeak;
            }
            service.step(load.next(now), Math.max(1, pods.ready(now)));
            totals.gpuSeconds += pods.all() * FluidService.STEP_SECONDS;
            mostWorkers = Math.max(mostWorkers, pods.all());
            if (step % STEPS_PER_POINT == STEPS_PER_POINT - 1) {
                points.add(new Day.Point(now, totals.since(atPoint)));
                atPoint = totals.copy();
            }
        }
        return new Day(totals, peak, mostWorkers, load.promotionBeginsSeconds(), points);
    }

    private void scrape(double now) {
        Pods.Phases phases = pods.phases(now);
        int running = Math.max(1, phases.starting() + phases.ready());
        if (!scrapes.isEmpty()) {
            double busy = totals.busySeconds - scrapes.getLast().busySeconds;
            gpuUse = Math.min(1, busy / (running * Autoscaler.SYNC_SECONDS));
        }
        scrapes.add(totals.copy());
        if (scrapes.size() > LATENCY_SCRAPES) {
            scrapes.removeFirst();
        }
        scrapedWaitSeconds = service.predictedWaitSeconds();
        rules.scraped(
                now,
                totals.ran,
                totals.refused + totals.expired,
                service.unansweredRows(),
                setting.curve().rowsPerSecond());
    }

    private void sync(double now) {
        Pods.Phases phases = pods.phases(now);
        Reading reading = new Reading(
                phases,
                OptionalDouble.of(gpuUse),
                Double.isNaN(workersWanted) ? OptionalDouble.empty() : OptionalDouble.of(workersWanted),
                OptionalDouble.of(scrapedWaitSeconds),
                OptionalDouble.of(scrapes.getLast().since(scrapes.getFirst()).quantileSeconds(0.99)),
                OptionalDouble.of(service.unansweredRows()));
        pods.scaleTo(autoscaler.replicas(Math.round(now), pods.all(), reading), now);
    }
}
