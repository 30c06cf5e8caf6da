package dev.penstock.worker.intake.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.CommitNote;
import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.Topics;
import dev.penstock.model.config.PaddingPlan;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.InferenceRequest;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import dev.penstock.worker.accepted.AcceptedRecord;
import dev.penstock.worker.accepted.AcceptedRecords.Source;
import dev.penstock.worker.accepted.Effort;
import dev.penstock.worker.accepted.HandoverNote;
import dev.penstock.worker.accepted.Lease;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.OffsetCommit;
import dev.penstock.worker.accepted.OpenWork;
import dev.penstock.worker.accepted.ReplyAddress;
import dev.penstock.worker.accepted.Takeover;
import dev.penstock.worker.loop.Task;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules without a log: each test is the consumer. */
class IntakeRulesTest {
    private static final String MODEL = "m";
    private static final ReplyAddress ADDRESS = new ReplyAddress("replies", Optional.empty());
    private static final LogPartition INTERACTIVE = new LogPartition(Topics.requests(MODEL, Lane.INTERACTIVE), 0);
    private static final LogPartition OTHER = new LogPartition(Topics.requests(MODEL, Lane.INTERACTIVE), 1);
    private static final LogPartition BULK = new LogPartition(Topics.requests(MODEL, Lane.BULK), 0);
    private static final int MAX_OPEN = 4;
    private static final long COMMIT_NANOS = 100;
    private static final long DRAIN_NANOS = 1000;
    private static final Duration IDLE_POLL = Duration.ofMillis(300);
    private static final int ROWS = 3;
    private static final long NOW = 1000;

    private final FakeReader reader = new FakeReader();
    private final IntakeRules<Source> rules = new IntakeRules<>(
            MODEL,
            "2",
            reader,
            new IntakeBounds(
                    new OpenWork.Amount(MAX_OPEN, 1000, 1 << 20),
                    Duration.ofNanos(COMMIT_NANOS),
                    Duration.ofNanos(DRAIN_NANOS),
                    IDLE_POLL),
            new Lease(Duration.ofDays(1), 0),
            () -> 0);

    @BeforeEach
    void assign() {
        take(INTERACTIVE, OTHER, BULK);
        assertThat(rules.flow()).isEqualTo(new IntakeRules.Flow(Set.of(), Set.of(INTERACTIVE, OTHER, BULK)));
    }

    private void take(LogPartition... partitions) {
        rules.assigned(List.of(partitions));
        for (LogPartition partition : partitions) {
            rules.takeOver(partition, Takeover.FIRST);
        }
    }

    @Test
    void knowsWhichPartitionsItReads() {
        assertThat(rules.assignment()).isEqualTo(Map.of(Lane.INTERACTIVE, List.of(0, 1), Lane.BULK, List.of(0)));
        rules.revoked(List.of(OTHER), NOW);
        rules.lost(List.of(BULK));
        assertThat(rules.assignment()).isEqualTo(Map.of(Lane.INTERACTIVE, List.of(0), Lane.BULK, List.of()));
    }

    @Test
    void servesARecordByTheVersionThatItNames() {
        Task task = served(record(INTERACTIVE, 0, "1"));
        assertThat(task.record().modelVersion()).isEqualTo("1");
        assertThat(task.record().replyTo()).hasValue(ADDRESS);
        assertThat(rules.openRequests()).isEqualTo(1);
    }

    @Test
    void servesARecordThatNamesNoVersionByTheDefault() {
        assertThat(served(record(INTERACTIVE, 0)).record().modelVersion()).isEqualTo("2");
    }

    @Test
    void decodesARecordInTheLaneOfItsTopic() {
        assertThat(served(record(INTERACTIVE, 0)).lane()).isEqualTo(Lane.INTERACTIVE);
        assertThat(served(record(BULK, 0)).lane()).isEqualTo(Lane.BULK);
    }

    @Test
    void readsAPartitionOnceItIsTakenOver() {
        LogPartition late = new LogPartition(INTERACTIVE.topic(), 7);
        rules.assigned(List.of(late));
        assertThat(rules.arriving()).containsExactly(late);
        assertThat(rules.flow().resume()).isEmpty();
        rules.takeOver(late, Takeover.FIRST);
        assertThat(rules.arriving()).isEmpty();
        assertThat(rules.flow().resume()).containsExactly(late);
    }

    @Test
    void passesAVersionThatIsNotServedOnToAPartitionOfAnother() {
        reader.partitions = 4;
        Decision.PassOn passed = (Decision.PassOn) decided(record(INTERACTIVE, 0, "7"));
        assertThat(passed.partition()).isIn(2, 3);
        assertThat(passed.deadlineMillis()).isEqualTo(FakeReader.DEADLINE);
        assertThat(passed.otherwise().problem().detail()).isEqualTo("model 'm' has no version '7' here");
    }

    @Test
    void passesNothingOnWhenItOwnsAllPartitionsOrTheDeadlineIsPast() {
        reader.partitions = 2;
        assertThat(decided(record(INTERACTIVE, 0, "7"))).isInstanceOf(Decision.Reject.class);
        reader.partitions = 4;
        reader.isPast = true;
        assertThat(decided(record(INTERACTIVE, 1, "7"))).isInstanceOf(Decision.Reject.class);
    }

    @Test
    void rejectsAVersionThatNobodyServes() {
        reader.partitions = 4;
        Source often = new Source(INTERACTIVE, 0, Optional.of("7"), IntakeRules.MOST_PASSES);
        assertThat(decided(often)).isInstanceOf(Decision.Reject.class);
    }

    @Test
    void aRecordThatWasPassedOnMayBeAnswered() {
        assertThat(rules.isPossiblyAnswered(record(INTERACTIVE, 0))).isFalse();
        assertThat(rules.isPossiblyAnswered(new Source(INTERACTIVE, 0, Optional.empty(), 1)))
                .isTrue();
    }

    @Test
    void suspectsRunAloneOneAfterTheOther() {
        Task before = served(record(OTHER, 0));
        takeOverFromADeadWorker(2, OptionalLong.empty());
        assertThat(decided(record(INTERACTIVE, 0))).isInstanceOf(Decision.Wait.class);
        assertThat(decided(record(INTERACTIVE, 1))).isInstanceOf(Decision.Wait.class);
        assertThat(decided(record(OTHER, 1))).isInstanceOf(Decision.Wait.class);

        assertThat(rules.trial(0, 0)).isEmpty(); // another request still runs
        before.record().settle();
        Task first = rules.trial(0, 0).orElseThrow();
        assertThat(first.record().source().offset()).isZero();
        assertThat(rules.trialCommits(first, 5))
                .extractingByKey(INTERACTIVE)
                .isEqualTo(new OffsetCommit(0, CommitNote.NONE, new HandoverNote(2, 5, false, OptionalLong.of(0))));
        rules.beginTrial();
        assertThat(rules.trial(0, 0)).isEmpty();
        first.record().settle();

        Task second = rules.trial(0, 0).orElseThrow();
        rules.trialCommits(second, 5);
        rules.beginTrial();
        assertThat(rules.released()).isEmpty();
        second.record().settle();
        assertThat(rules.hasTrials()).isFalse();
        assertThat(rules.released()).hasSize(1);
    }

    @Test
    void aSuspectOfAnotherVersionStaysOneWhereItIsPassedOn() {
        reader.partitions = 4;
        assertThat(((Decision.PassOn) decided(record(OTHER, 0, "7"))).isSuspect())
                .isFalse();
        takeOverFromADeadWorker(1, OptionalLong.empty());
        assertThat(((Decision.PassOn) decided(record(INTERACTIVE, 0, "7"))).isSuspect())
                .isTrue();

        Source there = new Source(OTHER, 1, 1, CorrelationId.of("id"), Optional.empty(), 1, true, false);
        assertThat(decided(there)).isInstanceOf(Decision.Wait.class);
        assertThat(rules.hasTrials()).isTrue();
    }

    @Test
    void aSuspectDoesNotWaitForOthersForEver() {
        served(record(OTHER, 0));
        takeOverFromADeadWorker(1, OptionalLong.empty());
        decided(record(INTERACTIVE, 0));
        assertThat(rules.trial(0, 0)).isEmpty();
        assertThat(rules.trial(DRAIN_NANOS, 0)).isPresent();
    }

    @Test
    void aRecordThatEndedTwoWorkersIsRejected() {
        takeOverFromADeadWorker(1, OptionalLong.of(0));
        Decision.Reject rejected = rejected(record(INTERACTIVE, 0));
        assertThat(rejected.problem().is(Problem.Kind.INFERENCE_FAILED)).isTrue();
        assertThat(rejected.problem().detail()).contains("ended twice");
        assertThat(rejected.record().runs()).isEqualTo(2);
    }

    @Test
    void suspectsThatHaveNotRunAreLeftToTheNextOwner() {
        takeOverFromADeadWorker(1, OptionalLong.empty());
        decided(record(INTERACTIVE, 0));
        rules.drain(5);
        assertThat(rules.isDrained(5)).isTrue();
        assertThat(rules.lastCommits(7))
                .extractingByKey(INTERACTIVE)
                .isEqualTo(new OffsetCommit(0, CommitNote.NONE, new HandoverNote(1, 7, false, OptionalLong.empty())));
    }

    @Test
    void aRebalanceDropsNeitherSuspectsNorWhatWaitsForThem() {
        takeOverFromADeadWorker(1, OptionalLong.empty());
        decided(record(INTERACTIVE, 0));
        decided(record(OTHER, 1));
        List<LogPartition> going = List.of(INTERACTIVE, OTHER);
        rules.giveBack(going);
        assertThat(rules.isSettled(going)).isTrue();
        assertThat(rules.released()).isEmpty();
        Map<LogPartition, OffsetCommit> last = rules.revoked(going, NOW);
        assertThat(last.get(INTERACTIVE)).extracting(OffsetCommit::nextOffset).isEqualTo(0L);
        assertThat(last.get(OTHER)).extracting(OffsetCommit::nextOffset).isEqualTo(1L);
    }

    private void takeOverFromADeadWorker(long taken, OptionalLong trying) {
        rules.revoked(List.of(INTERACTIVE), 0);
        rules.assigned(List.of(INTERACTIVE));
        rules.takeOver(INTERACTIVE, new Takeover(0, taken, Optional.of(new HandoverNote(taken, -9999, false, trying))));
    }

    @Test
    void rejectsAVersionThatIsNotServed() {
        Decision.Reject rejected = rejected(record(INTERACTIVE, 0, "7"));
        assertThat(rejected.problem().is(Problem.Kind.NOT_FOUND)).isTrue();
        assertThat(rejected.problem().detail()).isEqualTo("model 'm' has no version '7' here");
        assertThat(rejected.record().replyTo()).hasValue(ADDRESS);
    }

    @Test
    void rejectsARecordThatCannotBeDecodedAndRepliesToItsSender() {
        reader.undecodable.add(0L);
        Decision.Reject rejected = rejected(record(INTERACTIVE, 0));
        assertThat(rejected.problem().detail()).isEqualTo("value: must be a v2 request");
        assertThat(rejected.record().replyTo()).hasValue(ADDRESS);
    }

    @Test
    void countsARecordAsOpenWhileTheAddressOfItsReplyIsUnknown() {
        rules.accept(record(INTERACTIVE, 0));
        assertThat(rules.openRequests()).isEqualTo(1);
        assertThat(rules.lastCommits(NOW)).extractingByKey(INTERACTIVE).isEqualTo(commit(0, 1, 0, true));
    }

    @Test
    void cancelsWhatItsSenderHasCancelled() {
        reader.cancelled.add(0L);
        assertThat(decided(record(INTERACTIVE, 0))).isInstanceOf(Decision.Cancel.class);
    }

    @Test
    void pausesAllPartitionsAtTheLimitAndResumesThemWhenThereIsRoom() {
        List<Task> tasks = List.of(
                served(record(INTERACTIVE, 0)),
                served(record(INTERACTIVE, 1)),
                served(record(INTERACTIVE, 2)),
                served(record(INTERACTIVE, 3)));
        assertThat(rules.flow()).isEqualTo(new IntakeRules.Flow(Set.of(INTERACTIVE, OTHER, BULK), Set.of()));
        assertThat(rules.flow()).isEqualTo(new IntakeRules.Flow(Set.of(), Set.of()));
        tasks.getFirst().record().settle();
        assertThat(rules.flow()).isEqualTo(new IntakeRules.Flow(Set.of(), Set.of()));
        tasks.getLast().record().settle();
        assertThat(rules.flow()).isEqualTo(new IntakeRules.Flow(Set.of(), Set.of(INTERACTIVE, OTHER, BULK)));
    }

    @Test
    void pausesBulkPartitionsAloneWhenBulkHasItsHalf() {
        served(record(BULK, 0));
        served(record(BULK, 1));
        assertThat(rules.flow()).isEqualTo(new IntakeRules.Flow(Set.of(BULK), Set.of()));
    }

    @Test
    void pausesANewPartitionWhoseLaneIsHeldBack() {
        LogPartition another = new LogPartition(BULK.topic(), 1);
        served(record(BULK, 0));
        served(record(BULK, 1));
        rules.flow();
        LogPartition open = new LogPartition(INTERACTIVE.topic(), 2);
        take(another, open);
        assertThat(rules.flow().resume()).containsExactly(open);
    }

    @Test
    void commitsOncePerIntervalUpToTheFirstOpenRecord() {
        Task first = served(record(INTERACTIVE, 10));
        Task second = served(record(INTERACTIVE, 11));
        served(record(INTERACTIVE, 12));
        second.record().settle();
        assertThat(due(COMMIT_NANOS)).isEqualTo(commit(10, 13, 0, false));
        first.record().effort(Effort.RAN);
        first.record().settle();
        assertThat(rules.commitsDue(2 * COMMIT_NANOS - 1, NOW, partition -> OptionalLong.empty()))
                .isEmpty();
        assertThat(due(2 * COMMIT_NANOS)).isEqualTo(commit(12, 13, 1, false));
    }

    @Test
    void commitsThePositionOfPartitionsInWhichNothingIsOpen() {
        Map<LogPartition, OffsetCommit> first = rules.commitsDue(COMMIT_NANOS, NOW, partition -> OptionalLong.of(3))
                .orElseThrow();
        assertThat(first).containsEntry(INTERACTIVE, commit(3, 3, 0, false)).hasSize(3);
        assertThat(rules.commitsDue(2 * COMMIT_NANOS, NOW, partition -> OptionalLong.of(3)))
                .hasValue(Map.of());
    }

    /** Shapes: time and longest poll in ms. */
    @ParameterizedTest
    @CsvSource({"0, 300", "700, 300", "800, 201", "950, 100", "1500, 100"})
    void idlePollsEndInTimeToCommitAllPartitions(long now, long longest) {
        assertThat(rules.idlePoll(Duration.ofMillis(now).toNanos())).hasMillis(longest);
    }

    @Test
    void commitsAllPartitionsEachSecondMovedOrNot() {
        rules.commitsDue(COMMIT_NANOS, NOW, partition -> OptionalLong.empty());
        assertThat(rules.commitsDue(2 * COMMIT_NANOS, NOW, partition -> OptionalLong.empty()))
                .hasValue(Map.of());
        assertThat(rules.commitsDue(1_000_000_000, NOW, partition -> OptionalLong.empty())
                        .orElseThrow())
                .hasSize(3);
    }

    @Test
    void commitsARevokedPartitionForTheLastTime() {
        Task settled = served(record(INTERACTIVE, 10));
        Task open = served(record(INTERACTIVE, 11));
        settled.record().settle();
        assertThat(rules.isSettled(List.of(INTERACTIVE))).isFalse();
        assertThat(rules.revoked(List.of(INTERACTIVE), NOW)).isEqualTo(Map.of(INTERACTIVE, commit(11, 12, 0, true)));
        open.record().settle();
        assertThat(rules.lastCommits(NOW)).doesNotContainKey(INTERACTIVE);
        assertThat(rules.openRequests()).isZero();
    }

    @Test
    void commitsNothingForALostPartition() {
        served(record(INTERACTIVE, 10)).record().settle();
        rules.lost(List.of(INTERACTIVE));
        assertThat(rules.lastCommits(NOW)).doesNotContainKey(INTERACTIVE);
    }

    @Test
    void pausesOnlyPartitionsThatAreItsOwn() {
        rules.revoked(List.of(OTHER), NOW);
        rules.lost(List.of(BULK));
        rules.drain(0);
        assertThat(rules.flow().pause()).containsExactly(INTERACTIVE);
    }

    @Test
    void keepsAPartitionApartFromItsEarlierAssignment() {
        Task before = served(record(INTERACTIVE, 10));
        rules.revoked(List.of(INTERACTIVE), NOW);
        take(INTERACTIVE);
        Task again = served(record(INTERACTIVE, 10));
        before.record().settle();
        assertThat(rules.lastCommits(NOW)).containsEntry(INTERACTIVE, commit(10, 11, 0, true));
        again.record().settle();
        assertThat(rules.lastCommits(NOW)).containsEntry(INTERACTIVE, commit(11, 11, 0, true));
    }

    @Test
    void hasDrainedWhenNothingIsOpen() {
        Task task = served(record(INTERACTIVE, 0));
        assertThat(rules.isDrained(0)).isFalse();
        rules.drain(5);
        assertThat(rules.flow().pause()).containsExactlyInAnyOrder(INTERACTIVE, OTHER, BULK);
        assertThat(rules.isDrained(5)).isFalse();
        task.record().settle();
        assertThat(rules.isDrained(6)).isTrue();
        assertThat(rules.flow().resume()).isEmpty();
    }

    @Test
    void drainsNoLongerThanTheTimeout() {
        served(record(INTERACTIVE, 0));
        rules.drain(5);
        assertThat(rules.isDrained(5 + DRAIN_NANOS - 1)).isFalse();
        assertThat(rules.isDrained(5 + DRAIN_NANOS)).isTrue();
        assertThat(rules.openRequests()).isEqualTo(1);
    }

    /** Its reply topic becomes known while the worker drains. */
    @Test
    void waitsInADrainForRequestsWhoseReplyTopicIsLookedUp() {
        Source record = record(INTERACTIVE, 0);
        AcceptedRecord accepted = rules.accept(record);
        rules.drain(5);
        assertThat(rules.isDrained(5)).isFalse();
        assertThat(rules.decide(record, accepted)).isInstanceOf(Decision.Serve.class);
    }

    private Decision decided(Source record) {
        AcceptedRecord accepted = rules.accept(record);
        accepted.replyTo(ADDRESS);
        return rules.decide(record, accepted);
    }

    private Task served(Source record) {
        return ((Decision.Serve) decided(record)).task();
    }

    private Decision.Reject rejected(Source record) {
        return (Decision.Reject) decided(record);
    }

    private static Source record(LogPartition partition, long offset) {
        return new Source(partition, offset, 1, "id", Optional.empty());
    }

    private static Source record(LogPartition partition, long offset, String version) {
        return new Source(partition, offset, 1, "id", Optional.of(version));
    }

    private OffsetCommit due(long nowNanos) {
        return Optional.ofNullable(rules.commitsDue(nowNanos, NOW, partition -> OptionalLong.empty())
                        .orElseThrow()
                        .get(INTERACTIVE))
                .orElseThrow();
    }

    private static OffsetCommit commit(long nextOffset, long taken, long ran, boolean isLeft) {
        return new OffsetCommit(
                nextOffset,
                new CommitNote(ran, 0, OptionalLong.of(0)),
                new HandoverNote(taken, NOW, isLeft, OptionalLong.empty()));
    }

    private static final class FakeReader implements RecordReader<Source> {
        static final long DEADLINE = 77;

        private final Set<Long> undecodable = new HashSet<>();
        private final Set<Long> cancelled = new HashSet<>();
        private int partitions;
        private boolean isPast;

        @Override
        public boolean serves(String modelVersion) {
            return Set.of("1", "2").contains(modelVersion);
        }

        @Override
        public int partitions(String topic) {
            return partitions;
        }

        @Override
        public OptionalLong deadlineMillis(Source record) {
            return isPast ? OptionalLong.empty() : OptionalLong.of(DEADLINE);
        }

        @Override
        public Task decode(Source record, AcceptedRecord accepted, Lane topicLane) throws InvalidRequestException {
            if (undecodable.contains(record.offset())) {
                throw new InvalidRequestException("value", "must be a v2 request");
            }
            Tensor input = new Tensor("x", Datatype.INT8, Shape.of(ROWS, 1), ByteBuffer.allocate(ROWS));
            return new Task(
                    accepted,
                    topicLane,
                    new InferenceRequest(Optional.empty(), Map.of(), List.of(input), List.of(), false),
                    List.of(input),
                    new PaddingPlan("key", 8, Map.of()),
                    0,
                    1);
        }

        @Override
        public boolean isCancelled(Task task) {
            return cancelled.contains(task.record().source().offset());
        }
    }
}
