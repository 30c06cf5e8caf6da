package dev.penstock.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class LedgerTest {
    private static final long START = 1_000_000;
    private static final long DEADLINE = START + 10_000;
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final long END = DEADLINE + 5_000;

    private static final Place ANSWER = Place.answer("http://a");
    private static final Place POLL = Place.poll("http://a");
    private static final Place OTHER_POLL = Place.poll("http://b");
    private static final Place REPLY = Place.reply("replies-0@7");
    private static final Sighting RIGHT = Sighting.right("1");

    private final Ledger ledger = new Ledger(Rules.withGrace(GRACE), START);
    private long now = START;

    @Test
    void keepsThePromiseWhenEachAcceptedRequestHasOneOutcome() {
        accepted(Door.SYNC);
        seen(0, ANSWER, RIGHT);
        accepted(Door.ASYNC);
        ledger.record(new Event.Pending(1, POLL, now));
        seen(1, POLL, Sighting.failed("inference-failed"));
        accepted(Door.KAFKA);
        seen(2, REPLY, Sighting.expired());

        Verdict verdict = ledger.verdict(END);

        assertThat(verdict.result()).isEqualTo(Verdict.Result.KEPT);
        assertThat(verdict.accepted()).isEqualTo(3);
        assertThat(verdict.settled()).isEqualTo(3);
        assertThat(verdict.toString()).contains("verdict: kept. 3 requests were accepted");
    }

    @Test
    void findsAnAcceptedRequestThatIsLost() {
        accepted(Door.ASYNC);

        Verdict verdict = ledger.verdict(END);

        assertThatOnly(verdict, Violation.Kind.LOST);
        assertThat(verdict.violations().getFirst().id()).isEqualTo("id-0");
        assertThat(verdict.violations().getFirst().door()).isEqualTo("async");
        assertThat(verdict.toString())
                .contains("id-0", "no outcome was seen by 5.0 s after its deadline", "verdict: broken.");
    }

    @Test
    void waitsForTheGraceBeforeARequestIsLost() {
        accepted(Door.ASYNC);

        Verdict verdict = ledger.verdict(END - 1);

        assertThat(verdict.counts()).isEmpty();
        assertThat(verdict.undecided()).isEqualTo(1);
        assertThat(verdict.result()).isEqualTo(Verdict.Result.UNPROVEN);
    }

    @Test
    void findsALostRequestOnceWhenPollsSaySoAfterTheGrace() {
        accepted(Door.ASYNC);
        ledger.record(new Event.Pending(0, POLL, END));
        ledger.record(new Event.Pending(0, POLL, END + 1));

        Verdict verdict = ledger.verdict(END + 1);

        assertThatOnly(verdict, Violation.Kind.LOST);
        assertThat(verdict.violations().getFirst().what())
                .isEqualTo("poll http://a has no outcome 5.0 s after its deadline");
    }

    @Test
    void takesAnOutcomeThatCouldNotBePolledBefore() {
        accepted(Door.ASYNC);
        now = END + 60_000;
        seen(0, POLL, RIGHT);

        Verdict verdict = ledger.verdict(now);

        assertThat(verdict.result()).isEqualTo(Verdict.Result.KEPT);
        assertThat(verdict.toString()).contains("the latest outcome was seen 65000 ms after its deadline");
    }

    @Test
    void findsARequestThatIsLostAfterA504() {
        sent(Door.SYNC);
        ledger.record(new Event.TimedOut(0, "id-0", DEADLINE));
        ledger.record(new Event.Pending(0, POLL, DEADLINE + 10));

        assertThatOnly(ledger.verdict(END), Violation.Kind.LOST);
    }

    @Test
    void takesA504WhoseOutcomeIsPolledLater() {
        sent(Door.SYNC);
        ledger.record(new Event.TimedOut(0, "id-0", DEADLINE));
        now = DEADLINE + 300;
        seen(0, POLL, Sighting.expired());

        Verdict verdict = ledger.verdict(END);

        assertThat(verdict.result()).isEqualTo(Verdict.Result.KEPT);
        assertThat(totals(verdict, Door.SYNC).timedOut()).isEqualTo(1);
        assertThat(totals(verdict, Door.SYNC).latestMillis()).isEqualTo(300);
    }

    @Test
    void findsAnOutcomeThatChangesItsStatus() {
        accepted(Door.KAFKA);
        seen(0, REPLY, RIGHT);
        now += 2500;
        seen(0, Place.reply("replies-1@9"), Sighting.expired());

        Verdict verdict = ledger.verdict(END);

        assertThatOnly(verdict, Violation.Kind.CHANGED);
        assertThat(verdict.violations().getFirst().what())
                .isEqualTo(
                        "reply replies-1@9 has expired; before, reply replies-0@7 had succeeded (version 1) at 0.000 s");
        assertThat(totals(verdict, Door.KAFKA).duplicates()).isZero();
    }

    @Test
    void findsAnOutcomeThatChangesItsContent() {
        accepted(Door.ASYNC);
        seen(0, POLL, RIGHT);
        seen(0, OTHER_POLL, Sighting.right("2"));
        accepted(Door.ASYNC);
        seen(1, POLL, Sighting.failed("inference-failed"));
        seen(1, POLL, Sighting.failed("internal"));

        assertThat(ledger.verdict(END).counts()).containsExactly(Map.entry(Violation.Kind.CHANGED, 2L));
    }

    @Test
    void countsTheSameReplyAgainAsADuplicate() {
        accepted(Door.KAFKA);
        seen(0, REPLY, RIGHT);
        seen(0, Place.reply("replies-0@8"), RIGHT);

        Verdict verdict = ledger.verdict(END);

        assertThat(verdict.result()).isEqualTo(Verdict.Result.KEPT);
        assertThat(totals(verdict, Door.KAFKA).duplicates()).isEqualTo(1);
        assertThat(totals(verdict, Door.KAFKA).settled()).isEqualTo(1);
    }

    @Test
    void countsTheSamePollAgainAsConfirmed() {
        accepted(Door.ASYNC);
        seen(0, POLL, RIGHT);
        seen(0, OTHER_POLL, RIGHT);

        Verdict verdict = ledger.verdict(END);

        assertThat(verdict.result()).isEqualTo(Verdict.Result.KEPT);
        assertThat(totals(verdict, Door.ASYNC).confirmed()).isEqualTo(1);
        assertThat(totals(verdict, Door.ASYNC).duplicates()).isZero();
    }

    @Test
    void findsAnOutcomeThatIsQueuedAgain() {
        accepted(Door.ASYNC);
        seen(0, POLL, RIGHT);
        ledger.record(new Event.Pending(0, OTHER_POLL, now));

        Verdict verdict = ledger.verdict(END);

        assertThatOnly(verdict, Violation.Kind.WITHDRAWN);
        assertThat(verdict.violations().getFirst().what())
                .startsWith("poll http://b has no outcome; before, poll http://a had succeeded");
    }

    @Test
    void findsAnIdThatIsUnknownOrGone() {
        accepted(Door.ASYNC);
        ledger.record(new Event.Missing(0, OTHER_POLL, 404, now));
        seen(0, POLL, RIGHT);
        accepted(Door.ASYNC);
        seen(1, POLL, RIGHT);
        ledger.record(new Event.Missing(1, POLL, 410, now));

        Verdict verdict = ledger.verdict(END);

        assertThat(verdict.counts()).containsExactly(Map.entry(Violation.Kind.FORGOTTEN, 2L));
        assertThat(verdict.violations().getFirst().what()).isEqualTo("poll http://b answers 404");
    }

    @Test
    void letsTheOutcomeOfAnAnsweredCallBeGoneButNotUnknown() {
        accepted(Door.SYNC);
        seen(0, ANSWER, RIGHT);
        now += Ledger.ANSWER_KEPT_MILLIS;
        ledger.record(new Event.Missing(0, POLL, 410, now));
        assertThat(ledger.verdict(END).result()).isEqualTo(Verdict.Result.KEPT);

        ledger.record(new Event.Missing(0, POLL, 404, now));
        assertThatOnly(ledger.verdict(END), Violation.Kind.FORGOTTEN);
    }

    @Test
    void letsAnyOutcomeBeGoneOnceItIsKeptNoLonger() {
        accepted(Door.ASYNC);
        seen(0, POLL, RIGHT);
        ledger.record(new Event.Missing(0, POLL, 410, DEADLINE + Ledger.RESULT_KEPT_MILLIS));
        assertThat(ledger.verdict(END).result()).isEqualTo(Verdict.Result.KEPT);

        ledger.record(new Event.Missing(0, POLL, 410, DEADLINE + Ledger.RESULT_KEPT_MILLIS - 1));
        assertThatOnly(ledger.verdict(END), Violation.Kind.FORGOTTEN);
    }

    @Test
    void findsTheOutcomeOfAnAnsweredCallThatIsGoneTooSoon() {
        accepted(Door.SYNC);
        seen(0, ANSWER, RIGHT);
        now += Ledger.ANSWER_KEPT_MILLIS - 1;
        ledger.record(new Event.Missing(0, POLL, 410, now));

        assertThatOnly(ledger.verdict(END), Violation.Kind.FORGOTTEN);
    }

    @Test
    void letsTheOutcomeOfACallThatHeard504BeGoneButNotTooSoon() {
        sent(Door.SYNC);
        ledger.record(new Event.TimedOut(0, "id-0", DEADLINE));
        seen(0, POLL, Sighting.expired());
        now += Ledger.ANSWER_KEPT_MILLIS;
        ledger.record(new Event.Missing(0, POLL, 410, now));
        assertThat(ledger.verdict(END).result()).isEqualTo(Verdict.Result.KEPT);

        sent(Door.SYNC);
        ledger.record(new Event.TimedOut(1, "id-1", DEADLINE));
        seen(1, POLL, Sighting.expired());
        ledger.record(new Event.Missing(1, POLL, 410, now));
        assertThatOnly(ledger.verdict(END), Violation.Kind.FORGOTTEN);
    }

    @Test
    void findsAReplyToNothingThatWasSent() {
        accepted(Door.KAFKA);
        seen(0, REPLY, RIGHT);
        ledger.record(new Event.Unsent("run-77", REPLY, "a reply with status 'succeeded'", now));

        Verdict verdict = ledger.verdict(END);

        assertThatOnly(verdict, Violation.Kind.UNSENT);
        assertThat(verdict.violations().getFirst().id()).isEqualTo("run-77");
    }

    @Test
    void findsAnOutcomeOfARequestThatWasRefused() {
        sent(Door.ASYNC);
        ledger.record(new Event.Refused(0, 503, true, now));
        seen(0, POLL, RIGHT);

        assertThatOnly(ledger.verdict(END), Violation.Kind.UNACCEPTED);
    }

    @Test
    void findsTheOutcomeAlsoWhenTheRefusalComesSecond() {
        sent(Door.ASYNC);
        seen(0, POLL, RIGHT);
        ledger.record(new Event.Refused(0, 429, true, now));

        assertThatOnly(ledger.verdict(END), Violation.Kind.UNACCEPTED);
    }

    @Test
    void doesNotCountARefusalAsAccepted() {
        sent(Door.SYNC);
        ledger.record(new Event.Refused(0, 503, true, now));
        accepted(Door.SYNC);
        seen(1, ANSWER, RIGHT);

        Verdict verdict = ledger.verdict(END);

        assertThat(verdict.result()).isEqualTo(Verdict.Result.KEPT);
        assertThat(verdict.accepted()).isEqualTo(1);
        assertThat(totals(verdict, Door.SYNC).refused()).containsExactly(Map.entry(503, 1L));
    }

    @Test
    void findsARefusalThatNamesNoTimeToComeBack() {
        sent(Door.SYNC);
        ledger.record(new Event.Refused(0, 503, false, now));
        sent(Door.SYNC);
        ledger.record(new Event.Refused(1, 404, false, now));

        assertThatOnly(ledger.verdict(END), Violation.Kind.NO_RETRY_AFTER);
    }

    @Test
    void findsAnOutputThatBelongsToAnotherInput() {
        accepted(Door.SYNC);
        seen(0, ANSWER, Sighting.wrong("the output is that of input 5"));

        Verdict verdict = ledger.verdict(END);

        assertThatOnly(verdict, Violation.Kind.WRONG_OUTPUT);
        assertThat(verdict.violations().getFirst().what())
                .isEqualTo("answer http://a of input 3: the output is that of input 5");
    }

    @Test
    void findsARequestThatAnotherTenantSees() {
        accepted(Door.ASYNC);
        seen(0, POLL, RIGHT);
        ledger.record(new Event.PolledByStranger(0, POLL, 404, now));
        assertThat(ledger.verdict(END).result()).isEqualTo(Verdict.Result.KEPT);

        ledger.record(new Event.PolledByStranger(0, POLL, 200, now));
        assertThatOnly(ledger.verdict(END), Violation.Kind.WRONG_TENANT);
    }

    @Test
    void findsAnAnswerThatCannotBeRead() {
        sent(Door.SYNC);
        ledger.record(new Event.InDoubt(0, Event.Doubt.UNKNOWN_FATE, now));
        ledger.record(new Event.Unreadable(0, ANSWER, "must be JSON: <html>", now));

        assertThatOnly(ledger.verdict(END), Violation.Kind.UNREADABLE);
    }

    @Test
    void allowsOneOutcomeOrNoneOfARequestThatIsInDoubt() {
        sent(Door.KAFKA);
        ledger.record(new Event.InDoubt(0, Event.Doubt.CONNECTION_LOST, now));
        sent(Door.KAFKA);
        ledger.record(new Event.InDoubt(1, Event.Doubt.CONNECTION_LOST, now));
        seen(1, REPLY, RIGHT);
        accepted(Door.KAFKA);
        seen(2, REPLY, RIGHT);
        assertThat(ledger.verdict(END).result()).isEqualTo(Verdict.Result.KEPT);
        assertThat(totals(ledger.verdict(END), Door.KAFKA).doubts())
                .containsExactly(Map.entry(Event.Doubt.CONNECTION_LOST, 2L));

        seen(1, REPLY, Sighting.cancelled());
        assertThatOnly(ledger.verdict(END), Violation.Kind.CHANGED);
    }

    @Test
    void takesAReplyThatOvertakesItsAcknowledgement() {
        sent(Door.KAFKA);
        seen(0, REPLY, RIGHT);
        ledger.record(new Event.Accepted(0, "id-0", DEADLINE, now));

        Verdict verdict = ledger.verdict(END);

        assertThat(verdict.result()).isEqualTo(Verdict.Result.KEPT);
        assertThat(totals(verdict, Door.KAFKA).open()).isZero();
    }

    @Test
    void provesNothingByARequestThatNeverGotAnAnswer() {
        sent(Door.SYNC);
        accepted(Door.SYNC);
        seen(1, ANSWER, RIGHT);

        assertThat(ledger.verdict(END).result()).isEqualTo(Verdict.Result.UNPROVEN);
    }

    @Test
    void provesNothingByADoorThatAcceptedNothing() {
        accepted(Door.SYNC);
        seen(0, ANSWER, RIGHT);
        sent(Door.ASYNC);
        ledger.record(new Event.NotSent(1, now));

        Verdict verdict = ledger.verdict(END);

        assertThat(verdict.result()).isEqualTo(Verdict.Result.UNPROVEN);
        assertThat(totals(verdict, Door.ASYNC).notSent()).isEqualTo(1);
    }

    @Test
    void provesNothingWhenNothingWasSent() {
        assertThat(ledger.verdict(END).result()).isEqualTo(Verdict.Result.UNPROVEN);
    }

    @Test
    void countsAKindOnceForEachRequest() {
        accepted(Door.ASYNC);
        seen(0, POLL, RIGHT);
        IntStream.range(0, 50).forEach(i -> ledger.record(new Event.Pending(0, POLL, now)));

        assertThat(ledger.verdict(END).count(Violation.Kind.WITHDRAWN)).isEqualTo(1);
    }

    @Test
    void countsViolationsBeyondThoseThatItLists() {
        Ledger small = new Ledger(new Rules(GRACE, 100, 2), START);
        for (int i = 0; i < 4; i++) {
            small.record(new Event.Unsent("run-" + i, REPLY, "a reply", now));
        }
        small.record(new Event.Sent(0, Door.ASYNC, 0, now));
        small.record(new Event.Accepted(0, "id-0", DEADLINE, now));

        Verdict verdict = small.verdict(END);

        assertThat(verdict.violations()).hasSize(2);
        assertThat(verdict.allViolations()).isEqualTo(5);
        assertThat(verdict.toString()).contains("and 3 more");
    }

    @Test
    void refusesARequestBeyondItsLimit() {
        Ledger small = new Ledger(new Rules(GRACE, 1, 1), START);
        small.record(new Event.Sent(0, Door.SYNC, 0, now));

        assertThat(small.isFull()).isTrue();
        assertThatThrownBy(() -> small.record(new Event.Sent(1, Door.SYNC, 0, now)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the ledger is full: it takes 1 requests");
    }

    @Test
    void refusesNumbersThatAreNotTheNext() {
        assertThatThrownBy(() -> ledger.record(new Event.Sent(1, Door.SYNC, 0, now)))
                .hasMessage("number must be the next one, 0, was 1");
        assertThatThrownBy(() -> ledger.record(new Event.NotSent(0, now))).hasMessage("number must be in 0..-1, was 0");
    }

    @Test
    void measuresLatenciesFromTheSendingToTheFirstSighting() {
        for (int i = 0; i < 100; i++) {
            now = START;
            accepted(Door.SYNC);
            now = START + (i < 98 ? 10 : 500);
            seen(i, ANSWER, RIGHT);
            now += 100;
            seen(i, POLL, RIGHT);
        }

        Verdict verdict = ledger.verdict(END);

        assertThat(totals(verdict, Door.SYNC).outcomes())
                .containsExactly(Map.entry(Sighting.Status.SUCCEEDED, new DoorTotals.Latency(100, 10, 500, 500)));
        assertThat(verdict.toString().lines().map(line -> line.replaceAll(" +", " ")))
                .contains("sync sent 100", "sync succeeded 100 10 500 500", "sync seen again 100");
    }

    @Test
    void holdsAMillionRequests() {
        for (int i = 0; i < 1_000_000; i++) {
            ledger.record(new Event.Sent(i, Door.KAFKA, i % 64, now));
            ledger.record(new Event.Accepted(i, "ledger-0123456789abcdef-" + i, DEADLINE, now));
            seen(i, REPLY, RIGHT);
        }

        assertThat(ledger.verdict(END).result()).isEqualTo(Verdict.Result.KEPT);
    }

    private void sent(Door door) {
        ledger.record(new Event.Sent(ledger.size(), door, 3, now));
    }

    private void accepted(Door door) {
        int number = ledger.size();
        sent(door);
        ledger.record(new Event.Accepted(number, "id-" + number, DEADLINE, now));
    }

    private void seen(int number, Place place, Sighting sighting) {
        ledger.record(new Event.Seen(number, place, sighting, now));
    }

    private static void assertThatOnly(Verdict verdict, Violation.Kind kind) {
        assertThat(verdict.result()).isEqualTo(Verdict.Result.BROKEN);
        assertThat(verdict.counts()).containsExactly(Map.entry(kind, 1L));
        assertThat(verdict.violations())
                .singleElement()
                .satisfies(violation -> assertThat(violation.kind()).isEqualTo(kind));
    }

    private static DoorTotals totals(Verdict verdict, Door door) {
        return Objects.requireNonNull(verdict.doors().get(door), door.label());
    }
}
