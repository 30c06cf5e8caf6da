package dev.penstock.protocol;

/**
 * How the requests of a model are run. It is decided when the model is loaded.
 *
 * @param reason what decided it, for people
 */
public record RunMode(Kind kind, String reason) {

    /** Whether requests may share a run. */
    public enum Kind {
        /** A run has the rows of any number of requests. A large request runs in parts. Shared inputs are equal for all rows of a run. */
        BATCHED("batched"),
        /** The file allows batches, and nothing proves yet that its rows are independent. */
        UNPROVEN("not probed yet"),
        /** One request is one run, with its whole tensors: never joined with others, never cut. */
        ONE_BY_ONE("one by one");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        public String label() {
            return label;
        }
    }

    /** Assumed of a worker that announces no mode, as older builds do, and of signatures that are made by hand. */
    public static final RunMode BATCHED = new RunMode(Kind.BATCHED, "every first dimension counts rows");

    public static RunMode batched(String reason) {
        return new RunMode(Kind.BATCHED, reason);
    }

    public static RunMode oneByOne(String reason) {
        return new RunMode(Kind.ONE_BY_ONE, reason);
    }

    public boolean isOneByOne() {
        return kind == Kind.ONE_BY_ONE;
    }

    @Override
    public String toString() {
        return kind.label + ": " + reason;
    }
}
