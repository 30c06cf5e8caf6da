package dev.penstock.simulation.autoscale.scaler;

/** Decides how many workers there should be. Asked every 15 seconds. */
public interface Autoscaler {
    int SYNC_SECONDS = 15;

    /** @param current the pods that were asked for last */
    int replicas(long nowSeconds, int current, Reading reading);
}
