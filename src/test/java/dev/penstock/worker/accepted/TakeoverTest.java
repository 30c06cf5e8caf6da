package dev.penstock.worker.accepted;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.CommitNote;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class TakeoverTest {
    private static final OptionalLong NONE = OptionalLong.empty();

    @Test
    void afterAnOwnerThatDiedEverythingUpToTheEndMayBeAnswered() {
        Takeover takeover = new Takeover(10, 30, Optional.of(new HandoverNote(20, 1000, false, NONE)));
        assertThat(takeover.isPossiblyAnswered(10)).isTrue();
        assertThat(takeover.isPossiblyAnswered(29)).isTrue();
        assertThat(takeover.isPossiblyAnswered(30)).isFalse();
    }

    @Test
    void afterAnOwnerThatLeftOnlyWhatItHadTakenMayBeAnswered() {
        Takeover takeover = new Takeover(10, 30, Optional.of(new HandoverNote(12, 1000, true, NONE)));
        assertThat(takeover.isPossiblyAnswered(11)).isTrue();
        assertThat(takeover.isPossiblyAnswered(12)).isFalse();
        assertThat(takeover.isSuspect(11, 0)).isFalse();
    }

    /** For example, somebody has reset the offset by hand. */
    @Test
    void withoutANoteEverythingMayBeAnsweredAndNothingIsSuspect() {
        Takeover takeover = new Takeover(0, 30, Optional.empty());
        assertThat(takeover.isPossiblyAnswered(29)).isTrue();
        assertThat(takeover.isSuspect(0, 0)).isFalse();
    }

    @Test
    void whatADeadOwnerHadTakenIsSuspect() {
        Takeover takeover = new Takeover(10, 30, Optional.of(new HandoverNote(20, 1000, false, NONE)));
        assertThat(takeover.isSuspect(19, 9999)).isTrue();
        assertThat(takeover.isSuspect(20, 9999)).isFalse();
    }

    @Test
    void whatCameSoonAfterTheLastNoteOfADeadOwnerIsSuspect() {
        Takeover takeover = new Takeover(10, 30, Optional.of(new HandoverNote(20, 1000, false, NONE)));
        assertThat(takeover.isSuspect(25, 2200)).isTrue();
        assertThat(takeover.isSuspect(25, 2201)).isFalse();
        assertThat(takeover.isSuspect(30, 2200)).isFalse();
    }

    @Test
    void suspectsAreLimited() {
        Takeover takeover = new Takeover(10, 9999, Optional.of(new HandoverNote(5000, 1000, false, NONE)));
        assertThat(takeover.isSuspect(265, 0)).isTrue();
        assertThat(takeover.isSuspect(266, 0)).isFalse();
    }

    @Test
    void theFirstCommitTellsThatThereIsAnOwnerAndForgetsNothing() {
        HandoverNote dead = new HandoverNote(20, 1000, false, OptionalLong.of(12));
        assertThat(new Takeover(10, 30, Optional.of(dead)).firstCommit(7000))
                .isEqualTo(
                        new OffsetCommit(10, CommitNote.NONE, new HandoverNote(20, 7000, false, OptionalLong.of(12))));
        assertThat(new Takeover(10, 30, Optional.empty()).firstCommit(7000).handover())
                .isEqualTo(new HandoverNote(10, 7000, false, NONE));
    }

    @Test
    void aNoteReadsWhatItHasWritten() {
        for (HandoverNote note : new HandoverNote[] {
            new HandoverNote(20, 1000, false, NONE),
            new HandoverNote(20, 1000, true, NONE),
            new HandoverNote(20, 1000, false, OptionalLong.of(12))
        }) {
            String metadata = new OffsetCommit(7, new CommitNote(3, 1, OptionalLong.of(5)), note).metadata();
            assertThat(HandoverNote.parse(metadata)).hasValue(note);
            assertThat(CommitNote.parse(metadata)).hasValue(new CommitNote(3, 1, OptionalLong.of(5)));
        }
    }

    @Test
    void readsNoNoteFromWhatOthersHaveWritten() {
        for (String other : new String[] {"", "ran=3;given-up=1", "taken=;at=1", "taken=x;at=1"}) {
            assertThat(HandoverNote.parse(other)).as(other).isEmpty();
        }
    }
}
