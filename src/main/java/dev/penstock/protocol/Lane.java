package dev.penstock.protocol;

import java.util.Locale;
import java.util.Optional;

/** How urgent a request is. Each lane has a topic of its own. */
public enum Lane {
    /** A caller waits: served first. */
    INTERACTIVE,
    /** Fills the capacity that interactive work leaves, and has a guaranteed share of it. */
    BULK;

    /** Its name in headers, parameters and labels. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<Lane> labelled(String label) {
        for (Lane lane : values()) {
            if (lane.label().equals(label)) {
                return Optional.of(lane);
            }
        }
        return Optional.empty();
    }
}
