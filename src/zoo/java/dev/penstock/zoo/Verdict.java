package dev.penstock.zoo;

import java.util.Optional;

/** What came of one model. */
public sealed interface Verdict {

    /** Every answer was right. */
    record Right(int answers) implements Verdict {}

    /** An answer of success was wrong. */
    record Wrong(String what) implements Verdict {}

    /** It is served, but a request that ONNX Runtime can run was not answered. */
    record Unanswered(String what) implements Verdict {}

    /** It is not served. */
    record Refused(String reason) implements Verdict {}

    /** It ended the process that served it, or held it up. */
    record Broke(String how) implements Verdict {}

    /** It is served, and there is no right answer to compare with. */
    record NotCompared(String why) implements Verdict {}

    /** Whether requests get right answers, or wrong ones. */
    default boolean isServed() {
        return this instanceof Right || this instanceof Wrong || this instanceof NotCompared;
    }

    /** Why it is not served; empty if it is. */
    default Optional<String> whyNotServed() {
        return switch (this) {
            case Right right -> Optional.empty();
            case Wrong wrong -> Optional.empty();
            case NotCompared served -> Optional.empty();
            case Unanswered unanswered -> Optional.of("unanswered: " + unanswered.what);
            case Refused refused -> Optional.of("refused: " + refused.reason);
            case Broke broke -> Optional.of("broke: " + broke.how);
        };
    }

    /** For the line of a model in the report. */
    default String text() {
        return switch (this) {
            case Right right -> "right    " + right.answers + " answers";
            case Wrong wrong -> "WRONG    " + wrong.what;
            case NotCompared served -> "served   " + served.why;
            case Unanswered unanswered -> "no-reply " + unanswered.what;
            case Refused refused -> "refused  " + refused.reason;
            case Broke broke -> "broke    " + broke.how;
        };
    }
}
