package dev.penstock.protocol;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** How urgent a request is. Each lane has a topic of its own. */
public enum Lane {
    /** A caller waits: served first. */
    INTERACTIVE,
    /** Fills the capacity that interactive work leaves, and has a guaranteed share of it. */
    BULK;

    private static final Pattern TRITON_NUMBER = Pattern.compile("0|[1-9][0-9]{0,19}");

    /** Its name in headers, parameters and labels. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The lane that a priority asks for: a lane's name, or one of Triton's numbers. 0 is the default, 1 is interactive, and greater numbers
     * are bulk.
     *
     * @param field where the priority was found
     * @return empty for the default
     * @throws InvalidRequestException when it is neither
     */
    public static Optional<Lane> ofPriority(String field, String priority) throws InvalidRequestException {
        if (TRITON_NUMBER.matcher(priority).matches()) {
            return switch (priority) {
                case "0" -> Optional.empty();
                case "1" -> Optional.of(INTERACTIVE);
                default -> Optional.of(BULK);
            };
        }
        return Optional.of(labelled(priority)
                .orElseThrow(() -> new InvalidRequestException(
                        field,
                        "must be interactive, bulk, or a number (0 the default, 1 interactive, greater bulk), was '"
                                + priority + "'")));
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
