package dev.penstock.protocol;

import java.util.Locale;
import java.util.Optional;

/** The two kinds of urgency. Each has topics of its own. */
public enum Lane {
    INTERACTIVE,
    BULK;

    /** The name in headers, parameters and labels. */
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
