package dev.penstock.ledger.drive;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ledger.Door;
import dev.penstock.ledger.Event;
import dev.penstock.ledger.Ledger;
import dev.penstock.ledger.Rules;
import dev.penstock.ledger.drive.FaultyService.Fault;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Outcomes that come after the time for which a request is followed. */
final class PollsTest {
    private static final int NUMBER = 0;

    /** Jumps beyond the grace at each look, so that a request is polled by lookAgain alone. */
    private final AtomicLong clock = new AtomicLong();

    private final Ledger ledger = new Ledger(Rules.withGrace(Duration.ofHours(1)), 0);

    @Test
    void asksAgainForWhatHadNoOutcomeInTime() throws Exception {
        try (FaultyService service = new FaultyService(number -> Fault.SETTLES_LATE);
                RestClient client = new RestClient(LedgerRunTest.plan(service))) {
            Plan plan = LedgerRunTest.plan(service);
            Inputs inputs = Inputs.generated(
                    HttpReader.JSON.readTree("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,4]}]}"));
            Targets targets = new Targets(plan.urls(), plan::urls);
            Ids ids = new Ids("run");
            Expectations expectations = new Expectations(1e-3);
            String data = HttpReader.JSON
                    .readTree(inputs.body(0, ids.of(NUMBER)))
                    .at("/inputs/0/data")
                    .toString();
            expectations.learn(
                    0,
                    Outputs.read(HttpReader.json(
                            "{\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\",\"data\":" + data + "}]}")));
            HttpReader reader = new HttpReader(expectations);
            Polls polls = new Polls(plan, targets, client, reader, ledger, this::jump, ids);
            RestDoor door = new RestDoor(plan, inputs, targets, client, reader, ledger, this::jump, polls, ids);
            ledger.record(new Event.Sent(NUMBER, Door.ASYNC, 0, 0));
            door.call(NUMBER, 0, true);
            assertThat(ledger.progress().open()).isEqualTo(1);

            polls.lookAgain();
            assertThat(ledger.progress().open()).as("not yet").isEqualTo(1);
            polls.lookAgain();
            assertThat(ledger.progress().open()).isZero();
            assertThat(ledger.progress().settled()).isEqualTo(1);
        }
    }

    private long jump() {
        return clock.addAndGet(Duration.ofMinutes(1).toMillis());
    }
}
