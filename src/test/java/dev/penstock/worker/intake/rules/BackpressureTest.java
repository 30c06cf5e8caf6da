package dev.penstock.worker.intake.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Lane;
import dev.penstock.worker.accepted.OpenWork;
import org.junit.jupiter.api.Test;

class BackpressureTest {
    private static final OpenWork.Amount NOTHING = new OpenWork.Amount(0, 0, 0);

    private final Backpressure backpressure = new Backpressure(new OpenWork.Amount(100, 1000, 10_000));

    @Test
    void holdsNobodyWhileThereIsRoom() {
        assertThat(backpressure.held(requests(99), NOTHING)).isEmpty();
    }

    @Test
    void holdsAllWhenTheRequestsReachTheLimit() {
        assertThat(backpressure.held(requests(60), requests(40))).containsExactly(Lane.INTERACTIVE, Lane.BULK);
    }

    @Test
    void countsRowsAndBytesToo() {
        assertThat(backpressure.held(new OpenWork.Amount(1, 1000, 0), NOTHING)).contains(Lane.INTERACTIVE);
        assertThat(new Backpressure(new OpenWork.Amount(100, 1000, 10_000))
                        .held(new OpenWork.Amount(1, 0, 10_000), NOTHING))
                .contains(Lane.INTERACTIVE);
    }

    @Test
    void holdsAFloodOfBulkAndLetsInteractiveIn() {
        assertThat(backpressure.held(requests(20), requests(50))).containsExactly(Lane.BULK);
    }

    @Test
    void goesOnOnlyWhenThereIsRoomAgain() {
        backpressure.held(requests(100), NOTHING);
        assertThat(backpressure.held(requests(80), NOTHING)).contains(Lane.INTERACTIVE);
        assertThat(backpressure.held(requests(74), NOTHING)).isEmpty();
    }

    private static OpenWork.Amount requests(int requests) {
        return new OpenWork.Amount(requests, requests, requests);
    }
}
