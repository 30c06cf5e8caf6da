package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.CheckedCalls;
import dev.penstock.messages.Announcement;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Signature;
import dev.penstock.tenants.Tenant;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class SteeringTest {
    private static final long TIMEOUT = Duration.ofSeconds(7).toNanos();

    private long now;
    private final Catalogue catalogue = new Catalogue(TIMEOUT, () -> now);
    private final Steering steering = new Steering(catalogue);

    @Test
    void leavesTheChoiceToTheProducerWhileAllIsWell() {
        announce("a", "1", 0, 1);
        announce("b", "1", 2, 3);
        look();
        assertThat(steering.partition(call("1"))).isEmpty();
    }

    @Test
    void sendsAVersionToTheWorkersThatHaveIt() {
        announce("a", "1", 0, 1);
        announce("b", "1", 2, 3);
        announce("b", "2", 2, 3);
        look();
        assertThat(steering.partition(call("2")).getAsInt()).isIn(2, 3);
        assertThat(steering.partition(call("1"))).isEmpty();
    }

    @Test
    void sendsNothingToASilentWorkerAndStaysWithOnePartitionForABatch() {
        announce("a", "1", 0, 1);
        now = TIMEOUT / 2;
        announce("b", "1", 2, 3);
        look();
        int chosen = steering.partition(call("1")).getAsInt();
        assertThat(chosen).isIn(2, 3);
        for (int call = 0; call < 100; call++) {
            assertThat(steering.partition(call("1"))).hasValue(chosen);
        }
    }

    /** They are on their way from one worker to another. */
    @Test
    void sendsNothingToPartitionsThatNobodyReadsWhereAllWorkersTell() {
        announce("a", "1", 0);
        announce("b", "1", 2);
        look();
        assertThat(steering.partition(call("1")).getAsInt()).isIn(0, 2);

        catalogue.heard(announcement("old", "1"));
        look();
        assertThat(steering.partition(call("1"))).isEmpty();
    }

    @Test
    void sendsARequestAnywhereWhenNoWorkerTakesWork() {
        announce("a", "1", 0, 1);
        announce("b", "1", 2, 3);
        now = TIMEOUT / 2;
        look();
        assertThat(steering.partition(call("1"))).isEmpty();
    }

    @Test
    void sendsASecondCopyToAnotherWorker() {
        announce("a", "1", 0, 1);
        announce("b", "1", 2);
        announce("c", "1", 3);
        look();
        for (int call = 0; call < 20; call++) {
            assertThat(steering.otherPartition(call("1"), 0).getAsInt()).isIn(2, 3);
        }
    }

    @Test
    void sendsASecondCopyToAnotherPartitionOfTheOnlyWorkerWithTheVersion() {
        announce("a", "1", 0, 1);
        announce("b", "1", 2, 3);
        announce("b", "2", 2, 3);
        look();
        assertThat(steering.otherPartition(call("2"), 3)).hasValue(2);
    }

    @Test
    void sendsNoSecondCopyToThePartitionOfTheFirst() {
        announce("a", "1", 0, 1, 2);
        announce("b", "1", 3);
        announce("b", "2", 3);
        look();
        assertThat(steering.otherPartition(call("2"), 3)).isEmpty();
    }

    @Test
    void sendsNoSecondCopyBeforeItKnowsThePartitions() {
        assertThat(steering.otherPartition(call("1"), 0)).isEqualTo(OptionalInt.empty());
    }

    private void announce(String worker, String version, Integer... partitions) {
        catalogue.heard(announcement(worker, version).reading(Map.of(Lane.INTERACTIVE, List.of(partitions))));
    }

    private static Announcement announcement(String worker, String version) {
        Signature none = new Signature(List.of(), List.of());
        return new Announcement("m", version, worker, none, 8, 1000, 0, 100, "cpu", true, Optional.empty());
    }

    private void look() {
        List<PartitionLag> idle = List.of(
                new PartitionLag(0, 0, 0),
                new PartitionLag(1, 0, 0),
                new PartitionLag(2, 0, 0),
                new PartitionLag(3, 0, 0));
        steering.observed("m", Map.of(Lane.INTERACTIVE, new LagWatch.LaneLag(idle, LaneWork.NONE)), now);
    }

    private static CheckedCall call(String version) {
        CheckedCall any = CheckedCalls.of(Tenant.anonymous(Optional.empty()), 1);
        return new CheckedCall(
                any.call(), version, any.rows(), any.lane(), any.timeout(), any.waited(), any.readNanos());
    }
}
