package dev.penstock.simulation.autoscale.scaler;

import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * A metric of a HorizontalPodAutoscaler (autoscaling/v2), and the replicas that it proposes: those of {@code replica_calculator.go} of
 * Kubernetes. Empty where the metric is missing.
 */
public sealed interface HpaMetric {
    /** The replicas are left as they are if the ratio to the target is this close to 1: {@code --horizontal-pod-autoscaler-tolerance}. */
    double TOLERANCE = 0.1;

    OptionalInt proposal(int current, Reading reading);

    /** {@code type: Pods} with an {@code averageValue}. */
    record PerPod(Function<Reading, OptionalDouble> value, double target) implements HpaMetric {
        @Override
        public OptionalInt proposal(int current, Reading reading) {
            OptionalDouble mean = value.apply(reading);
            Pods.Phases pods = reading.pods();
            int running = pods.starting() + pods.ready();
            if (mean.isEmpty() || running == 0) {
                return OptionalInt.empty();
            }
            double ratio = mean.getAsDouble() / target;
            // Pods whose containers do not run yet count only against a scale-up, and there as if they did nothing.
            boolean countsPending = pods.pending() > 0 && ratio > 1;
            if (!countsPending) {
                return OptionalInt.of(isClose(ratio) ? current : ceil(ratio * running));
            }
            double corrected = ratio * running / (running + pods.pending());
            return OptionalInt.of(
                    isClose(corrected) || corrected < 1 ? current : ceil(corrected * (running + pods.pending())));
        }
    }

    /** {@code type: External} or {@code Object} with an {@code averageValue}: the value is shared by all replicas. */
    record AverageValue(Function<Reading, OptionalDouble> value, double target) implements HpaMetric {
        @Override
        public OptionalInt proposal(int current, Reading reading) {
            OptionalDouble all = value.apply(reading);
            if (all.isEmpty()) {
                return OptionalInt.empty();
            }
            double ratio = all.getAsDouble() / (target * current);
            return OptionalInt.of(isClose(ratio) ? current : ceil(all.getAsDouble() / target));
        }
    }

    /** {@code type: External} or {@code Object} with a {@code value}: the value falls when there are more replicas. */
    record Value(Function<Reading, OptionalDouble> value, double target) implements HpaMetric {
        @Override
        public OptionalInt proposal(int current, Reading reading) {
            OptionalDouble seen = value.apply(reading);
            if (seen.isEmpty()) {
                return OptionalInt.empty();
            }
            double ratio = seen.getAsDouble() / target;
            return OptionalInt.of(
                    isClose(ratio) ? current : ceil(ratio * reading.pods().ready()));
        }
    }

    private static boolean isClose(double ratio) {
        return Math.abs(1 - ratio) <= TOLERANCE;
    }

    private static int ceil(double replicas) {
        return (int) Math.ceil(replicas);
    }
}
