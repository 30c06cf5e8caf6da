package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.CommitNote;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class CommittedWorkTest {
    private static final TopicPartition FIRST = new TopicPartition("t", 0);
    private static final TopicPartition SECOND = new TopicPartition("t", 1);

    private final CommittedWork work = new CommittedWork();

    @Test
    void addsUpOverPartitionsFromTheFirstObservation() {
        work.observe(FIRST, 100, "ran=90;given-up=10");
        work.observe(SECOND, 50, "ran=50;given-up=0");
        assertThat(work.of("t")).isEqualTo(CommitNote.NONE);
        work.observe(FIRST, 200, "ran=120;given-up=75");
        work.observe(SECOND, 60, "ran=60;given-up=0");
        assertThat(work.of("t")).isEqualTo(new CommitNote(40, 65));
        assertThat(work.of("other")).isEqualTo(CommitNote.NONE);
    }

    @Test
    void anotherOwnerCountsFromItsOwnStart() {
        work.observe(FIRST, 100, "ran=90;given-up=10");
        work.observe(FIRST, 130, "ran=8;given-up=12");
        assertThat(work.of("t")).isEqualTo(new CommitNote(8, 12));
        work.observe(FIRST, 140, "ran=18;given-up=12");
        assertThat(work.of("t")).isEqualTo(new CommitNote(18, 12));
    }

    /** Its number alone does not show that it is another owner. It has not run more than was committed. */
    @Test
    void anotherOwnerWithAHigherCountAddsNoMoreThanTheOffsets() {
        work.observe(FIRST, 100, "ran=10;given-up=0");
        work.observe(FIRST, 130, "ran=5000;given-up=7000");
        assertThat(work.of("t")).isEqualTo(new CommitNote(30, 30));
    }

    @Test
    void commitsWithoutANoteCountAsRun() {
        work.observe(FIRST, 100, "");
        work.observe(FIRST, 130, "");
        assertThat(work.of("t")).isEqualTo(new CommitNote(30, 0));
        work.observe(FIRST, 140, "ran=4;given-up=6");
        assertThat(work.of("t")).isEqualTo(new CommitNote(34, 6));
        work.observe(FIRST, 150, "ran=99999999999999999999;given-up=1");
        assertThat(work.of("t")).isEqualTo(new CommitNote(44, 6));
    }

    /** For example, because an operator reset the group's offsets. */
    @Test
    void offsetsThatGoBackAddNoWork() {
        work.observe(FIRST, 100, "ran=90;given-up=10");
        work.observe(FIRST, 10, "");
        assertThat(work.of("t")).isEqualTo(CommitNote.NONE);
        work.observe(FIRST, 30, "ran=15;given-up=5");
        assertThat(work.of("t")).isEqualTo(new CommitNote(15, 5));
    }
}
