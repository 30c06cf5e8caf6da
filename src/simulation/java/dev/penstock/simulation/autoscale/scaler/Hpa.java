package dev.penstock.simulation.autoscale.scaler;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;

/**
 * A HorizontalPodAutoscaler as Kubernetes runs it ({@code horizontal.go}): the highest proposal of its metrics, held back by the
 * stabilization windows, and by what the policies allow in a period. While a metric is missing, the others can scale up but not down.
 */
public final class Hpa implements Autoscaler {
    private final int least;
    private final int most;
    private final List<HpaMetric> metrics;
    private final Behavior behavior;
    private final Deque<At> recommendations = new ArrayDeque<>();
    private final Deque<At> added = new ArrayDeque<>();
    private final Deque<At> removed = new ArrayDeque<>();

    /** A number of pods, and when it was recommended, added or removed. */
    private record At(long seconds, int pods) {}

    public Hpa(int least, int most, List<HpaMetric> metrics, Behavior behavior) {
        this.least = least;
        this.most = most;
        this.metrics = List.copyOf(metrics);
        this.behavior = behavior;
    }

    @Override
    public int replicas(long nowSeconds, int current, Reading reading) {
        OptionalInt proposed = proposal(current, reading);
        if (proposed.isEmpty()) {
            return current;
        }
        int stable = stabilized(nowSeconds, current, proposed.getAsInt());
        int next = Math.clamp(limited(nowSeconds, current, stable), least, most);
        if (next > current) {
            added.add(new At(nowSeconds, next - current));
        } else if (next < current) {
            removed.add(new At(nowSeconds, current - next));
        }
        return next;
    }

    private OptionalInt proposal(int current, Reading reading) {
        OptionalInt highest = OptionalInt.empty();
        boolean isAnyMissing = false;
        for (HpaMetric metric : metrics) {
            OptionalInt proposed = metric.proposal(current, reading);
            isAnyMissing |= proposed.isEmpty();
            if (proposed.isPresent() && proposed.getAsInt() > highest.orElse(-1)) {
                highest = proposed;
            }
        }
        boolean isUnsafe = isAnyMissing && highest.isPresent() && highest.getAsInt() < current;
        return isUnsafe ? OptionalInt.empty() : highest;
    }

    private int stabilized(long now, int current, int proposed) {
        int lowestLately = proposed;
        int highestLately = proposed;
        for (At each : recommendations) {
            if (each.seconds > now - behavior.scaleUp().stabilizationSeconds()) {
                lowestLately = Math.min(lowestLately, each.pods);
            }
            if (each.seconds > now - behavior.scaleDown().stabilizationSeconds()) {
                highestLately = Math.max(highestLately, each.pods);
            }
        }
        int longest = Math.max(
                behavior.scaleUp().stabilizationSeconds(), behavior.scaleDown().stabilizationSeconds());
        forgetBefore(recommendations, now - longest);
        recommendations.add(new At(now, proposed));
        return Math.min(Math.max(current, lowestLately), highestLately);
    }

    private int limited(long now, int current, int wanted) {
        if (wanted > current) {
            int allowed = behavior.scaleUp().policies().stream()
                    .mapToInt(policy -> policy.most(atBegin(now, current, policy)))
                    .max()
                    .orElse(current);
            return Math.min(wanted, Math.max(current, allowed));
        }
        int allowed = behavior.scaleDown().policies().stream()
                .mapToInt(policy -> policy.least(atBegin(now, current, policy)))
                .min()
                .orElse(current);
        return Math.max(wanted, Math.min(current, allowed));
    }

    /** The pods that there were when the policy's period began. */
    private int atBegin(long now, int current, Behavior.Policy policy) {
        int longest = Math.max(
                behavior.scaleUp().longestPeriodSeconds(), behavior.scaleDown().longestPeriodSeconds());
        forgetBefore(added, now - longest);
        forgetBefore(removed, now - longest);
        return current - since(added, now - policy.periodSeconds()) + since(removed, now - policy.periodSeconds());
    }

    private static int since(Deque<At> changes, long seconds) {
        return changes.stream()
                .filter(change -> change.seconds > seconds)
                .mapToInt(At::pods)
                .sum();
    }

    private static void forgetBefore(Deque<At> all, long seconds) {
        while (!all.isEmpty() && all.getFirst().seconds < seconds) {
            all.removeFirst();
        }
    }
}
