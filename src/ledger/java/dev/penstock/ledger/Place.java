package dev.penstock.ledger;

/**
 * The place where an outcome became visible.
 *
 * @param detail the address, or the topic with partition and offset
 */
public record Place(Kind kind, String detail) {

    /** The kinds of places. */
    public enum Kind {
        /** The answer to a synchronous call. */
        ANSWER("answer"),
        /** The answer to a poll. */
        POLL("poll"),
        /** A record on the reply topic. */
        REPLY("reply");

        private final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    public static Place answer(String detail) {
        return new Place(Kind.ANSWER, detail);
    }

    public static Place poll(String detail) {
        return new Place(Kind.POLL, detail);
    }

    public static Place reply(String detail) {
        return new Place(Kind.REPLY, detail);
    }

    @Override
    public String toString() {
        return kind.label + " " + detail;
    }
}
