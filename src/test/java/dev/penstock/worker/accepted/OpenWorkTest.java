package dev.penstock.worker.accepted;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OpenWorkTest {
    private long now = 100;
    private final OpenWork work = new OpenWork(() -> now);

    @Test
    void countsWhatIsOpen() {
        work.add(1, 0, 10);
        work.add(0, 3, 0);
        assertThat(work.amount()).isEqualTo(new OpenWork.Amount(1, 3, 10));
        work.add(-1, -3, -10);
        assertThat(work.amount()).isEqualTo(new OpenWork.Amount(0, 0, 0));
    }

    @Test
    void measuresTheTimeInWhichSomethingIsOpenOnceHoweverMuchItIs() {
        assertThat(work.nanosAtWork()).isZero();
        work.add(1, 0, 0);
        now = 110;
        work.add(1, 0, 0);
        now = 130;
        assertThat(work.nanosAtWork()).isEqualTo(30);
        work.add(-1, 0, 0);
        now = 145;
        work.add(-1, 0, 0);
        now = 1000;
        assertThat(work.nanosAtWork()).isEqualTo(45);
        work.add(1, 0, 0);
        now = 1005;
        assertThat(work.nanosAtWork()).isEqualTo(50);
    }
}
