package dev.penstock.simulation.autoscale.scaler;

/**
 * The recipe's script: once a minute it looks at the mean GPU use of that minute. Above 85 % it adds two workers, below 30 % it takes one
 * away.
 */
public final class Script implements Autoscaler {
    private static final double BUSY = 0.85;
    private static final double IDLE = 0.30;
    private static final int SYNCS_PER_LOOK = 4;

    private final int least;
    private final int most;
    private double sum;
    private int readings;

    public Script(int least, int most) {
        this.least = least;
        this.most = most;
    }

    @Override
    public int replicas(long nowSeconds, int current, Reading reading) {
        sum += reading.gpuUse().orElse(0);
        if (++readings < SYNCS_PER_LOOK) {
            return current;
        }
        double use = sum / readings;
        sum = 0;
        readings = 0;
        int change = use > BUSY ? 2 : use < IDLE ? -1 : 0;
        return Math.clamp(current + change, least, most);
    }
}
