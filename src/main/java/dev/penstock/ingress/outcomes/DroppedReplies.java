package dev.penstock.ingress.outcomes;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts replies that are for nobody here. */
public final class DroppedReplies {
    private final Counter foreign;
    private final Counter forged;
    private final Counter broken;

    public DroppedReplies(MeterRegistry registry) {
        this.foreign = counter(registry, "foreign");
        this.forged = counter(registry, "forged");
        this.broken = counter(registry, "broken");
    }

    /** Another ingress's, which is as it should be where ingresses share a partition. */
    public void foreign() {
        foreign.increment();
    }

    /** With an id that no ingress issued. */
    public void forged() {
        forged.increment();
    }

    public void broken() {
        broken.increment();
    }

    private static Counter counter(MeterRegistry registry, String reason) {
        return Counter.builder("inference.replies.dropped")
                .description(
                        "Replies that ingresses dropped: of another ingress, with an id that none issued, or no replies at all")
                .tag("reason", reason)
                .register(registry);
    }
}
