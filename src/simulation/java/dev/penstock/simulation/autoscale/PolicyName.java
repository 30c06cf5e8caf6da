package dev.penstock.simulation.autoscale;

import dev.penstock.simulation.autoscale.scaler.Autoscaler;
import dev.penstock.simulation.autoscale.scaler.Behavior;
import dev.penstock.simulation.autoscale.scaler.Hpa;
import dev.penstock.simulation.autoscale.scaler.HpaMetric;
import dev.penstock.simulation.autoscale.scaler.Keda;
import dev.penstock.simulation.autoscale.scaler.Reading;
import dev.penstock.simulation.autoscale.scaler.Script;
import java.util.List;

/** The policies that can be compared. */
enum PolicyName {
    /** The recipe's script. */
    SCRIPT {
        @Override
        Autoscaler autoscaler(Setting setting) {
            return new Script(setting.least(), setting.most());
        }
    },
    /** The recipe's HPA: GPU use 80 % and latency 500 ms. */
    HPA {
        @Override
        Autoscaler autoscaler(Setting setting) {
            return new Hpa(
                    setting.least(),
                    setting.most(),
                    List.of(
                            new HpaMetric.PerPod(Reading::gpuUse, GPU_USE),
                            new HpaMetric.Value(Reading::p99Seconds, LATENCY_SECONDS)),
                    Behavior.OF_THE_RECIPE);
        }
    },
    /** KEDA on the lag of the consumer group, as most of its examples have it. */
    KEDA {
        @Override
        Autoscaler autoscaler(Setting setting) {
            return new Keda(new Keda.ScaledObject(
                    setting.least(),
                    setting.most(),
                    Reading::lagRecords,
                    LAG_RECORDS,
                    0,
                    30,
                    300,
                    4,
                    setting.most() / 2,
                    Behavior.OF_KUBERNETES));
        }
    },
    /** Penstock's default: an HPA, or KEDA's, on {@code penstock:workers_wanted}, and on the predicted wait for safety. */
    PREDICTIVE {
        @Override
        Autoscaler autoscaler(Setting setting) {
            return new Hpa(
                    setting.least(),
                    setting.most(),
                    List.of(
                            new HpaMetric.AverageValue(Reading::workersWanted, 1),
                            new HpaMetric.Value(Reading::predictedWaitSeconds, WAIT_SECONDS)),
                    Behavior.OF_PENSTOCK);
        }
    },
    /** So many workers, day and night. */
    FIXED {
        @Override
        Autoscaler autoscaler(Setting setting) {
            return (now, current, reading) -> current;
        }
    };

    static final double GPU_USE = 0.8;
    static final double LATENCY_SECONDS = 0.5;
    static final double LAG_RECORDS = 10;
    static final double WAIT_SECONDS = 0.25;

    abstract Autoscaler autoscaler(Setting setting);

    /** A day under this policy, with so many workers at first. */
    Day day(Setting setting, int workers, long seed) {
        return new AutoscaleSimulation(setting, autoscaler(setting), workers, seed).run();
    }
}
