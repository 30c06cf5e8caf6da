package dev.penstock.ledger;

/**
 * An outcome as a client saw it. Two equal sightings are the same outcome.
 *
 * @param content the model version for a right output, the problem type for a failure, the reason for a wrong output
 * @param isRight false when the request succeeded with an output that does not belong to its input
 */
public record Sighting(Status status, String content, boolean isRight) {

    /** The four outcomes of the contract. */
    public enum Status {
        SUCCEEDED("succeeded"),
        FAILED("failed"),
        EXPIRED("expired"),
        CANCELLED("cancelled");

        private final String label;

        Status(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /** The right output, within the tolerance. */
    public static Sighting right(String modelVersion) {
        return new Sighting(Status.SUCCEEDED, "version " + modelVersion, true);
    }

    public static Sighting wrong(String reason) {
        return new Sighting(Status.SUCCEEDED, reason, false);
    }

    public static Sighting failed(String problemType) {
        return new Sighting(Status.FAILED, problemType, true);
    }

    public static Sighting expired() {
        return new Sighting(Status.EXPIRED, "", true);
    }

    public static Sighting cancelled() {
        return new Sighting(Status.CANCELLED, "", true);
    }

    @Override
    public String toString() {
        return content.isEmpty() ? status.label() : status.label() + " (" + content + ")";
    }
}
