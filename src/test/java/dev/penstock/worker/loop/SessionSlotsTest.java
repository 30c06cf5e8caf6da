package dev.penstock.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.batching.Room;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessionSlotsTest {
    private final Accelerator one = (batch, done) -> {};
    private final Accelerator other = (batch, done) -> {};
    private final SessionSlots slots = new SessionSlots(List.of(one, other));

    @Test
    void countsOnAllThatIsQueuedBeingSlowWhereNothingMayBeLate() {
        slots.take(0, 100, 150);
        slots.take(0, 100, 120);
        assertThat(slots.room(10)).isEqualTo(new Room(200, 270, 50));
    }

    @Test
    void letsTheSecondBatchBeginWhenTheFirstEnds() {
        slots.take(0, 100, 100);
        slots.take(50, 100, 100);
        slots.giveBack(one, 130);
        assertThat(slots.room(130).freeAtNanos()).isEqualTo(230);
    }

    @Test
    void expectsARunThatIsOverdueToEndNow() {
        slots.take(0, 100, 100);
        slots.take(500, 100, 100);
        assertThat(slots.room(500).freeAtNanos()).isEqualTo(600);
    }

    @Test
    void leavesTwiceTheTimeThatAssemblyTakes() {
        slots.assembled(1600);
        slots.take(0, 100, 100);
        assertThat(slots.room(0).leadNanos()).isEqualTo(50 + 200);
    }
}
