package dev.penstock.ledger;

import java.util.Locale;

/**
 * One way in which a run broke the promise.
 *
 * @param id the request id or the correlation id; empty where the client never learnt one
 * @param door the label of the door; empty for a reply to nothing that was sent
 * @param atMillis since the start of the run
 */
public record Violation(Kind kind, String id, String door, long atMillis, String what) {

    /** The kinds, each with the rule that was broken. */
    public enum Kind {
        LOST("an accepted request has an outcome by its deadline and the grace after it"),
        CHANGED("an outcome never changes"),
        WITHDRAWN("an outcome that was seen stays visible"),
        FORGOTTEN("the id of an accepted request is known while its outcome is kept"),
        UNSENT("a reply belongs to a request that was sent"),
        UNACCEPTED("a request that was refused has no outcome"),
        WRONG_OUTPUT("the output belongs to the input"),
        WRONG_TENANT("the id of a request is unknown to other tenants"),
        NO_RETRY_AFTER("a refusal with 429 or 503 names Retry-After"),
        UNREADABLE("answers and replies have the form of the contract");

        private final String rule;

        Kind(String rule) {
            this.rule = rule;
        }

        public String rule() {
            return rule;
        }

        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    @Override
    public String toString() {
        return "%9.3f s  %-14s %-5s  %s  %s"
                .formatted(atMillis / 1e3, kind.label(), door, id.isEmpty() ? "(no id)" : id, what);
    }
}
