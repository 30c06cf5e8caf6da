package dev.penstock.worker.accepted;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeaseTest {
    private final Lease lease = new Lease(Duration.ofNanos(100), 0);
    private final List<String> run = new ArrayList<>();

    @Test
    void lastsForItsTermFromWhenTheCommitWasSent() {
        lease.renew(50);
        lease.await(149, () -> run.add("in time"));
        lease.await(150, () -> run.add("late"));
        assertThat(run).containsExactly("in time");
        assertThat(lease.isAwaited()).isTrue();
    }

    @Test
    void whatWaitsRunsInOrderOnceItIsRenewed() {
        lease.await(100, () -> run.add("first"));
        lease.await(100, () -> run.add("second"));
        lease.release(101);
        assertThat(run).isEmpty();
        lease.renew(101);
        lease.release(102);
        assertThat(run).containsExactly("first", "second");
        assertThat(lease.isAwaited()).isFalse();
    }

    /** The answer to a commit that was sent before the process was frozen proves nothing about now. */
    @Test
    void anOldCommitDoesNotRenewIt() {
        lease.renew(200);
        lease.renew(10);
        lease.await(299, () -> run.add("in time"));
        assertThat(run).containsExactly("in time");
    }
}
