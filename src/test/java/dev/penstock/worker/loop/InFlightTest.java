package dev.penstock.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

/** How many calls to a centre go on at once, with a centre in a virtual time. */
class InFlightTest {
    private static final long WAY = 200_000_000;
    private static final long SECOND = 1_000_000_000;

    private final InFlight inFlight = new InFlight(64);
    private long now;

    @Test
    void doublesWithEachWayThereAndBackWhileNothingWaits() {
        assertThat(inFlight.limit()).isEqualTo(4);
        runFor(WAY * 3 / 2, 64, WAY);
        assertThat(inFlight.limit()).isBetween(7, 9);
        runFor(4 * WAY, 64, WAY);
        assertThat(inFlight.limit()).isEqualTo(64);
    }

    @Test
    void findsHowManyACentreRunsAtOnce() {
        runFor(70 * SECOND, 8, WAY);
        assertThat(inFlight.limit()).isBetween(8, 16);
    }

    @Test
    void staysWithWhatIsUsed() {
        for (int i = 0; i < 100; i++) {
            inFlight.ran(WAY, 1, now += WAY);
        }
        assertThat(inFlight.limit()).isEqualTo(4);
    }

    @Test
    void beginsAgainWithOneAfterAFailure() {
        runFor(10 * SECOND, 64, WAY);
        inFlight.failed();
        assertThat(inFlight.limit()).isEqualTo(1);
        inFlight.ran(WAY, 1, now);
        assertThat(inFlight.limit()).isEqualTo(2);
    }

    @Test
    void getsUsedToALongerWay() {
        runFor(10 * SECOND, 64, WAY);
        runFor(10 * SECOND, 64, 3 * WAY);
        assertThat(inFlight.limit()).as("it looks like waiting").isLessThan(20);
        runFor(80 * SECOND, 64, 3 * WAY);
        assertThat(inFlight.limit()).isEqualTo(64);
    }

    /** A loop that always has work, and a centre that runs some calls at once and lets the others wait. */
    private void runFor(long nanos, int servers, long takes) {
        long end = now + nanos;
        Deque<Long> free = new ArrayDeque<>();
        for (int i = 0; i < servers; i++) {
            free.add(now);
        }
        Deque<long[]> running = new ArrayDeque<>();
        while (now < end) {
            while (running.size() < inFlight.limit()) {
                long done = Math.max(now, free.removeFirst()) + takes;
                free.addLast(done);
                running.addLast(new long[] {now, done});
            }
            long[] first = running.getFirst();
            now = first[1];
            inFlight.ran((double) (now - first[0]), running.size(), now);
            running.removeFirst();
        }
    }
}
