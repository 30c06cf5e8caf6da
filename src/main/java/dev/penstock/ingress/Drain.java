package dev.penstock.ingress;

import dev.penstock.ingress.call.ProblemException;
import dev.penstock.protocol.Problem;

/** How far this ingress is with its stop: it serves, then serves while its clients move elsewhere, then refuses. Thread-safe. */
public final class Drain {
    private volatile boolean isLeaving;
    private volatile boolean refuses;

    /** Connections close from now on after their next response. */
    public void leave() {
        isLeaving = true;
    }

    /** New calls are refused from now on. */
    public void refuse() {
        refuses = true;
    }

    public boolean isLeaving() {
        return isLeaving;
    }

    public boolean refuses() {
        return refuses;
    }

    /** @throws ProblemException when new calls are refused */
    public void requireOpen() {
        if (refuses) {
            throw new ProblemException(
                    Problem.of(Problem.Kind.UNAVAILABLE, "this ingress is stopping; the request was not accepted"), 1);
        }
    }
}
