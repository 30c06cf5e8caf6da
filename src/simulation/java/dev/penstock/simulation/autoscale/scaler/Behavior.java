package dev.penstock.simulation.autoscale.scaler;

import java.util.List;

/** The {@code behavior} of a HorizontalPodAutoscaler. */
public record Behavior(Rules scaleUp, Rules scaleDown) {
    /** Kubernetes' own, where none is set. */
    public static final Behavior OF_KUBERNETES = new Behavior(
            new Rules(0, Policy.percent(100, 15), Policy.pods(4, 15)), new Rules(300, Policy.percent(100, 15)));

    /** The recipe's: two more a minute, and one less per two minutes. */
    public static final Behavior OF_THE_RECIPE =
            new Behavior(new Rules(0, Policy.pods(2, 60)), new Rules(300, Policy.pods(1, 120)));

    /** Penstock's default: as the recipe's for a few workers, and in proportion for many. */
    public static final Behavior OF_PENSTOCK = new Behavior(
            new Rules(0, Policy.pods(2, 60), Policy.percent(50, 60)),
            new Rules(300, Policy.pods(1, 120), Policy.percent(5, 120)));

    /**
     * One direction. {@code selectPolicy} is {@code Max}: the policy that allows the greatest change counts.
     *
     * @param stabilizationSeconds the most careful recommendation of so long counts
     */
    public record Rules(int stabilizationSeconds, List<Policy> policies) {
        Rules(int stabilizationSeconds, Policy... policies) {
            this(stabilizationSeconds, List.of(policies));
        }

        int longestPeriodSeconds() {
            return policies.stream().mapToInt(Policy::periodSeconds).max().orElse(0);
        }
    }

    /** @param value pods, or percent of the pods at the beginning of the period */
    public record Policy(boolean isPercent, int value, int periodSeconds) {
        static Policy pods(int pods, int periodSeconds) {
            return new Policy(false, pods, periodSeconds);
        }

        static Policy percent(int percent, int periodSeconds) {
            return new Policy(true, percent, periodSeconds);
        }

        int most(int atBegin) {
            return isPercent ? (int) Math.ceil(atBegin * (1 + value / 100.0)) : atBegin + value;
        }

        int least(int atBegin) {
            return isPercent ? (int) (atBegin * (1 - value / 100.0)) : atBegin - value;
        }
    }
}
