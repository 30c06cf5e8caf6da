package dev.penstock.ingress.gate;

/** One of the open requests that a tenant may have. It is taken until the request's outcome or deadline, or until it is released. */
@FunctionalInterface
public interface Place {
    /** The place of a request that is not limited. */
    Place UNLIMITED = () -> {};

    /** Releases the place of a request that was not accepted. */
    void release();
}
