package dev.penstock.simulation.autoscale.scaler;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * KEDA's ScaledObject with one trigger. KEDA itself only switches between none and some replicas, at its polling interval. Between one and
 * the most, an HPA that KEDA made decides, by the trigger's value. After some failed polls the fallback's replicas take its place.
 */
public final class Keda implements Autoscaler {
    private final ScaledObject object;
    private final Hpa hpa;
    private int failures;
    private long polledAt = Long.MIN_VALUE / 2;
    private long activeAt = -1;

    /**
     * @param least {@code minReplicaCount}
     * @param trigger its value; empty while its source does not answer
     * @param threshold of one replica
     * @param activation KEDA wakes the first replica above this value
     * @param pollingSeconds {@code pollingInterval}
     * @param cooldownSeconds {@code cooldownPeriod}: without activity for so long, the last replica goes
     * @param fallbackFailures {@code fallback.failureThreshold}
     * @param fallbackReplicas {@code fallback.replicas}
     */
    public record ScaledObject(
            int least,
            int most,
            Function<Reading, OptionalDouble> trigger,
            double threshold,
            double activation,
            int pollingSeconds,
            int cooldownSeconds,
            int fallbackFailures,
            int fallbackReplicas,
            Behavior behavior) {}

    public Keda(ScaledObject object) {
        this.object = object;
        this.hpa = new Hpa(
                Math.max(1, object.least),
                object.most,
                List.of(new HpaMetric.AverageValue(this::value, object.threshold)),
                object.behavior);
    }

    @Override
    public int replicas(long nowSeconds, int current, Reading reading) {
        OptionalDouble seen = object.trigger.apply(reading);
        if (nowSeconds - polledAt >= object.pollingSeconds) {
            polledAt = nowSeconds;
            failures = seen.isEmpty() ? failures + 1 : 0;
            if (value(reading).orElse(0) > object.activation) {
                activeAt = nowSeconds;
            }
        }
        boolean isActive = activeAt == nowSeconds;
        if (current == 0) {
            return isActive ? 1 : 0;
        }
        if (object.least == 0 && nowSeconds - activeAt >= object.cooldownSeconds) {
            return 0;
        }
        return hpa.replicas(nowSeconds, current, reading);
    }

    /** The trigger's value, or that of the fallback once the trigger has failed too often. */
    private OptionalDouble value(Reading reading) {
        OptionalDouble seen = object.trigger.apply(reading);
        boolean fallsBack = seen.isEmpty() && failures >= object.fallbackFailures;
        return fallsBack ? OptionalDouble.of(object.fallbackReplicas * object.threshold) : seen;
    }
}
