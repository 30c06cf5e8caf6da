package dev.penstock.worker.accepted;

import dev.penstock.messages.CommitNote;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a worker knows of a partition that it takes over.
 *
 * @param from the offset from which it reads
 * @param end the end of the log at that moment: the owner before can have taken nothing beyond it
 * @param note from the owner before; empty when it left none
 */
public record Takeover(long from, long end, Optional<HandoverNote> note) {
    /** A partition that nobody had before. */
    public static final Takeover FIRST = new Takeover(0, 0, Optional.empty());

    /** An owner takes nothing more in the time between two of its notes. It writes one a second, and one per commit interval under load. */
    private static final long SUSPECT_MILLIS = 1200;

    /** Each suspect costs a commit and a run of its own, so there is a limit for each partition. */
    private static final int MOST_SUSPECTS = 256;

    /** Whether the owner before may have answered the record already. */
    public boolean isPossiblyAnswered(long offset) {
        return offset < possiblyAnsweredEnd();
    }

    /** The next owner has to know it too, unless this one gets as far. */
    long possiblyAnsweredEnd() {
        return note.filter(HandoverNote::isLeft).map(HandoverNote::taken).orElse(end);
    }

    /**
     * Whether the record may be the reason why the owner before ended: it did not leave in order, and can have taken the record. The
     * owner before has taken what its last note says, and what came soon after that.
     */
    boolean isSuspect(long offset, long timestampMillis) {
        return note.isPresent()
                && !note.get().isLeft()
                && offset < Math.min(end, from + MOST_SUSPECTS)
                && (offset < note.get().taken() || timestampMillis <= note.get().atMillis() + SUSPECT_MILLIS);
    }

    /** Whether the record was a suspect that ran alone, and its worker ended again. */
    boolean isGuilty(long offset) {
        return guilty().isPresent() && guilty().getAsLong() == offset;
    }

    OptionalLong guilty() {
        return note.map(HandoverNote::trying).orElse(OptionalLong.empty());
    }

    /**
     * The commit by which a worker becomes the owner. The broker must have it before the worker takes a record. Otherwise the next owner
     * would not know of this one.
     */
    public OffsetCommit firstCommit(long nowMillis) {
        long taken = Math.max(from, note.map(HandoverNote::taken).orElse(from));
        return new OffsetCommit(from, CommitNote.NONE, new HandoverNote(taken, nowMillis, false, guilty()));
    }
}
