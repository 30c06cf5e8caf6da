package dev.penstock.ingress.call;

/** Whether this ingress refuses new calls, because it is about to stop. Thread-safe. */
public final class Drain {
    private volatile boolean hasBegun;

    public void begin() {
        hasBegun = true;
    }

    public boolean hasBegun() {
        return hasBegun;
    }
}
