package dev.penstock.ledger.drive;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ledger.Door;
import dev.penstock.ledger.DoorTotals;
import dev.penstock.ledger.Verdict;
import dev.penstock.ledger.Violation;
import dev.penstock.ledger.drive.FaultyService.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/** Whole runs, over HTTP, against a service that breaks the promise. */
final class LedgerRunTest {
    /** The numbers of the requests that learn the outputs; the service must be right for those. */
    private static final int LEARNING = 64;

    private final List<String> progress = Collections.synchronizedList(new ArrayList<>());

    @Test
    void findsEachKindOfFaultAndNoOther() throws Exception {
        Fault[] faults = Fault.values();
        // Blocks of seven, so that each fault meets both doors.
        Verdict verdict = run(number -> number < LEARNING ? Fault.NONE : faults[number / 7 % faults.length]);

        assertThat(verdict.counts().keySet())
                .as(verdict::toString)
                .containsExactlyInAnyOrder(
                        Violation.Kind.LOST,
                        Violation.Kind.CHANGED,
                        Violation.Kind.WITHDRAWN,
                        Violation.Kind.FORGOTTEN,
                        Violation.Kind.WRONG_OUTPUT,
                        Violation.Kind.WRONG_TENANT,
                        Violation.Kind.NO_RETRY_AFTER,
                        Violation.Kind.UNREADABLE);
        assertThat(totals(verdict, Door.SYNC).timedOut()).isPositive();
        assertThat(verdict.result()).isEqualTo(Verdict.Result.BROKEN);
        assertThat(progress.getFirst()).startsWith("learns the outputs of 64 inputs of m");
    }

    @Test
    void findsNothingInAServiceThatKeepsThePromise() throws Exception {
        Verdict verdict = run(number -> number < LEARNING || number % 10 != 0 ? Fault.NONE : Fault.REFUSES);

        assertThat(verdict.result()).as(verdict::toString).isEqualTo(Verdict.Result.KEPT);
        assertThat(verdict.accepted()).isEqualTo(verdict.settled()).isPositive();
        assertThat(totals(verdict, Door.SYNC).allRefused()).isPositive();
        assertThat(totals(verdict, Door.ASYNC).confirmed()).isPositive();
    }

    private Verdict run(IntFunction<Fault> faults) throws Exception {
        try (FaultyService service = new FaultyService(faults)) {
            return new LedgerRun(plan(service), progress::add).run();
        }
    }

    static Plan plan(FaultyService service) {
        return new Plan(
                List.of(service.url()),
                Optional.empty(),
                "m",
                150,
                Duration.ZERO,
                Duration.ofSeconds(2),
                Duration.ofSeconds(1),
                Duration.ofSeconds(4),
                Optional.of(FaultyService.OWN_KEY),
                Optional.of(FaultyService.OTHER_KEY),
                Optional.empty(),
                false);
    }

    private static DoorTotals totals(Verdict verdict, Door door) {
        return Objects.requireNonNull(verdict.doors().get(door), door.label());
    }
}
