package dev.penstock.worker.reply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.threads.Time;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeliveryTimeTest {
    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private long now;

    private final DeliveryTime delivery = new DeliveryTime(new Time() {
        @Override
        public long nanos() {
            return now;
        }

        @Override
        public long millis() {
            throw new UnsupportedOperationException("a clock that can be set back");
        }

        @Override
        public void park(Object blocker, long nanos) {
            throw new UnsupportedOperationException("it does not wait");
        }
    });

    /** All replies take 2 ms, which the estimate of the 95th percentile follows. */
    @BeforeEach
    void usualReplies() {
        for (int i = 0; i < 2000; i++) {
            acknowledgedAfter(2);
        }
    }

    @Test
    void isThreeTimesWhatAllTake() {
        assertThat(delivery.nanos()).isBetween(6 * MILLI, 8 * MILLI);
    }

    @Test
    void allowsOneLegTheSlowestOfTheLastSeconds() {
        acknowledgedAfter(30);
        for (int i = 0; i < 1000; i++) {
            acknowledgedAfter(2);
        }
        assertThat(delivery.nanos()).isBetween(34 * MILLI, 40 * MILLI);
    }

    @Test
    void forgetsTheSlowestAlsoWithoutOthers() {
        acknowledgedAfter(30);
        now += TimeUnit.SECONDS.toNanos(7);
        assertThat(delivery.nanos()).isLessThan(30 * MILLI);
    }

    @Test
    void knowsNothingBeforeTheFirst() {
        assertThat(new DeliveryTime(Time.OF_MACHINE).nanos()).isZero();
    }

    private void acknowledgedAfter(long millis) {
        now += MILLI;
        delivery.acknowledged(millis * MILLI);
    }
}
