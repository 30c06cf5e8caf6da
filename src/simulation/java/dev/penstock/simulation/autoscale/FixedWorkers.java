package dev.penstock.simulation.autoscale;

/** Finds the fewest workers that serve a whole day well enough without an autoscaler. */
final class FixedWorkers {
    /** Of the offered requests, within {@link #BOUND_SECONDS}. */
    static final double GOAL = 0.995;

    static final double BOUND_SECONDS = 0.38;

    private FixedWorkers() {}

    /** @return the fewest that reach the goal, or the setting's most if none does */
    static int fewest(Setting setting, long seed) {
        int low = setting.least();
        int high = setting.most();
        while (low < high) {
            int middle = (low + high) / 2;
            if (PolicyName.FIXED.day(setting, middle, seed).all().shareWithin(BOUND_SECONDS) >= GOAL) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return high;
    }
}
