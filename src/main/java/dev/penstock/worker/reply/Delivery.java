package dev.penstock.worker.reply;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Decides how one reply or dead letter is sent to its topic, and when to give up.
 *
 * <ul>
 *   <li>Too large: the next form is sent. When even the last one is too large, it is given up.
 *   <li>Trouble that may pass: the same form is sent again, with a wait that doubles. Another system's topic gets 30 s, ours get all the
 *       time it takes.
 *   <li>Refused, as for want of a right or of the topic: another system's reply is given up at once. Ours is sent again, but after 5 s it
 *       no longer holds back the record that it is about: it is given up, and is still sent again as long as the process lives.
 * </ul>
 *
 * <p>A reply never becomes another one while the first may have been written. On our own topics that is no danger, since there the first
 * reply counts. It is given up or delivered, once. Passed from thread to thread, never used by two at once.
 */
final class Delivery {
    static final long FIRST_WAIT_NANOS = Duration.ofMillis(20).toNanos();
    static final long LONGEST_WAIT_NANOS = Duration.ofSeconds(5).toNanos();
    static final long REFUSED_PATIENCE_NANOS = Duration.ofSeconds(5).toNanos();
    static final long OTHERS_PATIENCE_NANOS = Duration.ofSeconds(30).toNanos();

    /** Metadata may take this many tries to arrive; nobody has to read of it. */
    private static final int TRIES_FOR_METADATA = 6;

    /** What is kept in memory for the case that a topic takes it later, in bytes. */
    private static final int LARGEST_KEPT = 64 * 1024;

    private final Kind kind;
    private final Forms forms;
    private final Ending ending;
    private ProducerRecord<byte[], byte[]> record;
    private int form;
    private int tries;
    private boolean mayBeWritten;
    private boolean isEnded;
    private OptionalLong failedSinceNanos = OptionalLong.empty();

    /** Who reads the topic. */
    enum Kind {
        /** Ingresses: {@code penstock.replies} and {@code penstock.results}. */
        OUR_REPLY,
        OTHERS_REPLY,
        DEAD_LETTER
    }

    /** Hears how a delivery ends. One of the two is called, once, on any thread. */
    interface Ending {
        /** @param atFirst whether the first try succeeded */
        void delivered(boolean atFirst);

        void givenUp(String reason);

        /** Runs {@code again}, which sends once more, as soon as this worker may. It never runs if another one answers. */
        default void sendAgain(Runnable again) {
            again.run();
        }
    }

    /** What to do next. */
    sealed interface Step {
        record Ended() implements Step {}

        record SendNow() implements Step {}

        record SendLater(long waitNanos) implements Step {}
    }

    Delivery(Kind kind, Forms forms, Ending ending) {
        this.kind = kind;
        this.forms = forms;
        this.ending = ending;
        this.record = forms.form(0).orElseThrow();
    }

    Kind kind() {
        return kind;
    }

    String topic() {
        return forms.topic();
    }

    /** The form to be sent next. */
    ProducerRecord<byte[], byte[]> record() {
        return record;
    }

    void sendAgain(Runnable again) {
        ending.sendAgain(again);
    }

    /** Whether somebody waits for its end; false while it is kept only for the case that the topic takes it later. */
    boolean isAwaited() {
        return !isEnded;
    }

    /** Whether it has failed for longer than it takes to fetch a topic's metadata. */
    boolean isStuck() {
        return tries > TRIES_FOR_METADATA;
    }

    /**
     * Takes note of a try.
     *
     * @param troubledSinceNanos when the trouble with the topic began, whoever met it first
     */
    Step tried(Fate fate, long nowNanos, OptionalLong troubledSinceNanos) {
        tries++;
        return switch (fate) {
            case Fate.Written written -> {
                end(() -> ending.delivered(tries == 1));
                yield new Step.Ended();
            }
            case Fate.TooLarge(Exception reason) -> smaller(reason);
            case Fate.Refused(Exception reason) -> refused(reason, waited(nowNanos, troubledSinceNanos));
            case Fate.Unsettled(Exception reason, boolean maybeWritten) -> {
                mayBeWritten |= maybeWritten;
                yield unsettled(reason, waited(nowNanos, troubledSinceNanos));
            }
        };
    }

    private Step smaller(Exception reason) {
        boolean mayChange = kind != Kind.OTHERS_REPLY || !mayBeWritten;
        Optional<ProducerRecord<byte[], byte[]>> next = mayChange ? forms.form(form + 1) : Optional.empty();
        if (next.isEmpty()) {
            return giveUp(reason);
        }
        form++;
        record = next.get();
        return new Step.SendNow();
    }

    private Step refused(Exception reason, long waitedNanos) {
        if (kind == Kind.OTHERS_REPLY) {
            return giveUp(reason);
        }
        if (waitedNanos >= REFUSED_PATIENCE_NANOS) {
            giveUp(reason);
            return isSmall() ? later() : new Step.Ended();
        }
        return later();
    }

    private Step unsettled(Exception reason, long waitedNanos) {
        return kind == Kind.OTHERS_REPLY && waitedNanos >= OTHERS_PATIENCE_NANOS ? giveUp(reason) : later();
    }

    /** How long this delivery, or any to the same topic, has failed. */
    private long waited(long nowNanos, OptionalLong troubledSinceNanos) {
        if (failedSinceNanos.isEmpty()) {
            failedSinceNanos = OptionalLong.of(nowNanos);
        }
        long own = nowNanos - failedSinceNanos.getAsLong();
        return troubledSinceNanos.isPresent() ? Math.max(own, nowNanos - troubledSinceNanos.getAsLong()) : own;
    }

    private boolean isSmall() {
        return record.value() == null || record.value().length <= LARGEST_KEPT;
    }

    private Step later() {
        return new Step.SendLater(Math.min(LONGEST_WAIT_NANOS, FIRST_WAIT_NANOS << Math.min(tries - 1, 20)));
    }

    private Step giveUp(Exception reason) {
        String fate = mayBeWritten ? "may or may not have been delivered" : "could not be delivered";
        end(() -> ending.givenUp("%s to topic %s: %s".formatted(fate, topic(), reason.getMessage())));
        return new Step.Ended();
    }

    private void end(Runnable how) {
        if (!isEnded) {
            isEnded = true;
            how.run();
        }
    }
}
