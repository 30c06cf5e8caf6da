package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class CommittedWorkTest {
    private static final TopicPartition FIRST = new TopicPartition("t", 0);
    private static final TopicPartition SECOND = new TopicPartition("t", 1);
    private static final long SECOND_NANOS = 1_000_000_000;

    private final CommittedWork work = new CommittedWork();

    @Test
    void addsUpOverPartitionsFromTheFirstObservation() {
        observe(FIRST, 100, "ran=90;given-up=10");
        observe(SECOND, 50, "ran=50;given-up=0");
        assertThat(work.of("t")).isEqualTo(LaneWork.NONE);
        observe(FIRST, 200, "ran=120;given-up=75");
        observe(SECOND, 60, "ran=60;given-up=0");
        assertRanAndGivenUp(40, 65);
        assertThat(work.of("other")).isEqualTo(LaneWork.NONE);
    }

    @Test
    void anotherOwnerCountsFromItsOwnStart() {
        observe(FIRST, 100, "ran=90;given-up=10");
        observe(FIRST, 130, "ran=8;given-up=12");
        assertRanAndGivenUp(8, 12);
        observe(FIRST, 140, "ran=18;given-up=12");
        assertRanAndGivenUp(18, 12);
    }

    /** Its number alone does not show that it is another owner. It has not run more than was committed. */
    @Test
    void anotherOwnerWithAHigherCountAddsNoMoreThanTheOffsets() {
        observe(FIRST, 100, "ran=10;given-up=0");
        observe(FIRST, 130, "ran=5000;given-up=7000");
        assertRanAndGivenUp(30, 30);
    }

    @Test
    void commitsWithoutANoteCountAsRun() {
        observe(FIRST, 100, "");
        observe(FIRST, 130, "");
        assertRanAndGivenUp(30, 0);
        observe(FIRST, 140, "ran=4;given-up=6");
        assertRanAndGivenUp(34, 6);
        observe(FIRST, 150, "ran=99999999999999999999;given-up=1");
        assertRanAndGivenUp(44, 6);
    }

    /** For example, because an operator reset the group's offsets. */
    @Test
    void offsetsThatGoBackAddNoWork() {
        observe(FIRST, 100, "ran=90;given-up=10");
        observe(FIRST, 10, "");
        assertRanAndGivenUp(0, 0);
        observe(FIRST, 30, "ran=15;given-up=5");
        assertRanAndGivenUp(15, 5);
    }

    /** A run may take longer than the time between two looks. */
    @Test
    void knowsForHowLongTheBusiestWorkerHadWorkEvenIfNothingIsCommitted() {
        observe(FIRST, 100, "ran=1;given-up=0;at-work-us=700;taken=9");
        observe(SECOND, 100, "ran=1;given-up=0;at-work-us=20");
        LaneWork before = work.of("t");
        observe(FIRST, 100, "ran=1;given-up=0;at-work-us=900;taken=9");
        observe(SECOND, 105, "ran=6;given-up=0;at-work-us=70");

        assertThat(work.of("t").microsAtWorkSince(before)).isEqualTo(200);
    }

    @Test
    void countsTheTimeOfAnotherOwnerFromItsOwnStart() {
        observe(FIRST, 100, "ran=90;given-up=0;at-work-us=5000");
        LaneWork before = work.of("t");
        observe(FIRST, 190, "ran=90;given-up=0;at-work-us=300");

        assertThat(work.of("t").microsAtWorkSince(before)).isEqualTo(300);
        assertRanAndGivenUp(90, 0);
    }

    /** They run beside newer ones while these are rolled out. */
    @Test
    void workersThatDoNotTellForHowLongHadWorkAllTheTime() {
        work.observe(FIRST, 100, "ran=1;given-up=0", 0);
        work.observe(SECOND, 100, "", 0);
        LaneWork before = work.of("t");
        work.observe(FIRST, 101, "ran=2;given-up=0", SECOND_NANOS);
        assertThat(work.of("t").microsAtWorkSince(before)).isEqualTo(1_000_000);
        work.observe(SECOND, 101, "", 2 * SECOND_NANOS);
        assertThat(work.of("t").microsAtWorkSince(before)).isEqualTo(2_000_000);
    }

    private void observe(TopicPartition partition, long offset, String metadata) {
        work.observe(partition, offset, metadata, 0);
    }

    private void assertRanAndGivenUp(long ran, long givenUp) {
        assertThat(work.of("t").ran()).isEqualTo(ran);
        assertThat(work.of("t").givenUp()).isEqualTo(givenUp);
    }
}
