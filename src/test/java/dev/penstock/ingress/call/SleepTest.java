package dev.penstock.ingress.call;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Lane;
import dev.penstock.protocol.ScaleToZero;
import java.time.Duration;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class SleepTest {
    private long now = -1_000_000_000_000L; // the monotonic clock may be negative
    private final Sleep sleep = new Sleep(new ScaleToZero(Duration.ofSeconds(30), OptionalInt.empty()), () -> now);

    @Test
    void saysWhenAWorkerIsThere() {
        assertThat(sleep.startLeftSeconds()).isEqualTo(30);
        pass(100);
        sleep.asked();
        assertThat(sleep.retryAfterSeconds(0, 10)).isEqualTo(30);
        pass(12);
        assertThat(sleep.startLeftSeconds()).isEqualTo(18);
        assertThat(sleep.explain()).contains("wanted for 12 s, and starts within 30 s");
    }

    @Test
    void callersComeBackOneAfterTheOther() {
        sleep.asked();
        assertThat(sleep.retryAfterSeconds(20, 10))
                .as("20 requests are before it")
                .isEqualTo(32);
        for (int i = 0; i < 29; i++) {
            sleep.retryAfterSeconds(20, 10);
        }
        assertThat(sleep.retryAfterSeconds(20, 10)).as("30 callers, too").isEqualTo(35);
        assertThat(sleep.retryAfterSeconds(1e9, 10)).isEqualTo(90);
    }

    @Test
    void isOverdueWhenNoWorkerHasStartedInTime() {
        pass(1000);
        assertThat(sleep.isOverdue()).as("nobody wants it").isFalse();
        sleep.asked();
        pass(30);
        assertThat(sleep.isOverdue()).isFalse();
        pass(1);
        assertThat(sleep.overdueSince()).hasValue(now - Duration.ofSeconds(31).toNanos());
        assertThat(sleep.explain()).contains("wanted for 31 s, and should have started within 30 s");
        assertThat(sleep.startLeftSeconds()).isEqualTo(1);
    }

    @Test
    void isWantedUntilTenMinutesAfterTheLastCall() {
        sleep.asked();
        pass(599);
        sleep.asked();
        pass(599);
        assertThat(sleep.isOverdue()).isTrue();
        pass(1);
        assertThat(sleep.isOverdue()).isFalse();
        sleep.asked();
        assertThat(sleep.startLeftSeconds()).as("wanted anew").isEqualTo(30);
    }

    @Test
    void isWantedAsLongAsRecordsWait() {
        seen(3);
        pass(3600);
        seen(3);
        assertThat(sleep.isOverdue()).isTrue();
        seen(0);
        assertThat(sleep.isOverdue()).isFalse();
    }

    @Test
    void tellsHowMuchOfItsTimeTheOldestRequestHasUsedUp() {
        assertThat(sleep.deadlineUsed(Lane.INTERACTIVE)).isZero();
        sleep.accepted(Lane.INTERACTIVE, Duration.ofSeconds(100).toNanos());
        pass(10);
        sleep.accepted(Lane.INTERACTIVE, Duration.ofSeconds(1).toNanos());
        pass(15);
        assertThat(sleep.deadlineUsed(Lane.INTERACTIVE)).isEqualTo(0.25);
        assertThat(sleep.deadlineUsed(Lane.BULK)).isZero();
        pass(125);
        assertThat(sleep.deadlineUsed(Lane.INTERACTIVE)).as("late").isEqualTo(1.5);
    }

    /** Of other systems' records, and of those of other ingresses, the deadline is not known. */
    @Test
    void assumesTheModelsTimeoutOfRecordsThatItSees() {
        seen(1);
        pass(300);
        assertThat(sleep.deadlineUsed(Lane.INTERACTIVE)).isEqualTo(0.5);
    }

    /** Kafka's answer is older than the request. */
    @Test
    void anOldAnswerDoesNotForgetARequestThatWasJustAccepted() {
        long asked = now;
        pass(1);
        sleep.accepted(Lane.INTERACTIVE, Duration.ofSeconds(10).toNanos());
        sleep.seen(Lane.INTERACTIVE, 0, asked, 1);
        pass(1);
        assertThat(sleep.deadlineUsed(Lane.INTERACTIVE)).isEqualTo(0.1);
    }

    private void seen(long records) {
        sleep.seen(Lane.INTERACTIVE, records, now, Duration.ofMinutes(10).toNanos());
    }

    private void pass(long seconds) {
        now += Duration.ofSeconds(seconds).toNanos();
    }
}
