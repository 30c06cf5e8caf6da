package dev.penstock.ingress.outcomes;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts replies that this ingress dropped, by reason: {@code inference.replies.dropped}. */
public final class DroppedReplyMeters {
    private final Counter foreign;
    private final Counter forged;
    private final Counter broken;

    public DroppedReplyMeters(MeterRegistry registry) {
        this.foreign = counter(registry, "foreign");
        this.forged = counter(registry, "forged");
        this.broken = counter(registry, "broken");
    }

    /** A reply for another ingress. This is normal when ingresses share a partition. */
    public void foreign() {
        foreign.increment();
    }

    /** A reply whose id no ingress issued. */
    public void forged() {
        forged.increment();
    }

    /** A record that is not a reply. */
    public void broken() {
        broken.increment();
    }

    private static Counter counter(MeterRegistry registry, String reason) {
        return Counter.builder("inference.replies.dropped")
                .description(
                        "Replies that were dropped: for another ingress, with an id that none issued, or not a reply")
                .tag("reason", reason)
                .register(registry);
    }
}
