package dev.penstock.worker.intake.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.CommitNote;
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
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.OffsetCommit;
import dev.penstock.worker.accepted.OpenWork;
import dev.penstock.worker.accepted.ReplyAddress;
import dev.penstock.worker.loop.Task;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

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
    private static final int ROWS = 3;

    private final FakeReader reader = new FakeReader();
    private final IntakeRules<Source> rules = new IntakeRules<>(
            MODEL,
            "2",
            reader,
            new IntakeBounds(
                    new OpenWork.Amount(MAX_OPEN, 1000, 1 << 20),
                    Duration.ofNanos(COMMIT_NANOS),
                    Duration.ofNanos(DRAIN_NANOS)),
            0);

    @BeforeEach
    void assign() {
        assertThat(rules.assigned(List.of(INTERACTIVE, OTHER, BULK))).isEmpty();
    }

    @Test
    void knowsWhichPartitionsItReads() {
        assertThat(rules.assignment()).isEqualTo(Map.of(Lane.INTERACTIVE, List.of(0, 1), Lane.BULK, List.of(0)));
        rules.revoked(List.of(OTHER));
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
        assertThat(rules.lastCommits()).isEmpty();
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
        assertThat(rules.assigned(List.of(another, new LogPartition(INTERACTIVE.topic(), 2))))
                .containsExactly(another);
    }

    @Test
    void commitsOncePerIntervalUpToTheFirstOpenRecord() {
        Task first = served(record(INTERACTIVE, 10));
        Task second = served(record(INTERACTIVE, 11));
        served(record(INTERACTIVE, 12));
        second.record().settle();
        assertThat(rules.commitsDue(COMMIT_NANOS)).hasValue(Map.of());
        first.record().effort(Effort.RAN);
        first.record().settle();
        assertThat(rules.commitsDue(2 * COMMIT_NANOS - 1)).isEmpty();
        assertThat(rules.commitsDue(2 * COMMIT_NANOS)).hasValue(Map.of(INTERACTIVE, commit(12, 1)));
    }

    @Test
    void commitsARevokedPartitionForTheLastTime() {
        Task settled = served(record(INTERACTIVE, 10));
        Task open = served(record(INTERACTIVE, 11));
        settled.record().settle();
        assertThat(rules.revoked(List.of(INTERACTIVE))).isEqualTo(Map.of(INTERACTIVE, commit(11, 0)));
        open.record().settle();
        assertThat(rules.lastCommits()).isEmpty();
        assertThat(rules.openRequests()).isZero();
    }

    @Test
    void commitsNothingForALostPartition() {
        served(record(INTERACTIVE, 10)).record().settle();
        rules.lost(List.of(INTERACTIVE));
        assertThat(rules.lastCommits()).isEmpty();
    }

    @Test
    void pausesOnlyPartitionsThatAreItsOwn() {
        rules.revoked(List.of(OTHER));
        rules.lost(List.of(BULK));
        rules.drain(0);
        assertThat(rules.flow().pause()).containsExactly(INTERACTIVE);
    }

    @Test
    void keepsAPartitionApartFromItsEarlierAssignment() {
        Task before = served(record(INTERACTIVE, 10));
        rules.revoked(List.of(INTERACTIVE));
        rules.assigned(List.of(INTERACTIVE));
        Task again = served(record(INTERACTIVE, 10));
        before.record().settle();
        assertThat(rules.lastCommits()).isEmpty();
        again.record().settle();
        assertThat(rules.lastCommits()).isEqualTo(Map.of(INTERACTIVE, commit(11, 0)));
    }

    @Test
    void hasDrainedWhenNothingIsOpen() {
        Task task = served(record(INTERACTIVE, 0));
        assertThat(rules.isDrained(0, 0)).isFalse();
        rules.drain(5);
        assertThat(rules.flow().pause()).containsExactlyInAnyOrder(INTERACTIVE, OTHER, BULK);
        assertThat(rules.isDrained(5, 0)).isFalse();
        task.record().settle();
        assertThat(rules.isDrained(6, 0)).isTrue();
        assertThat(rules.flow().resume()).isEmpty();
    }

    @Test
    void drainsNoLongerThanTheTimeout() {
        served(record(INTERACTIVE, 0));
        rules.drain(5);
        assertThat(rules.isDrained(5 + DRAIN_NANOS - 1, 0)).isFalse();
        assertThat(rules.isDrained(5 + DRAIN_NANOS, 0)).isTrue();
        assertThat(rules.openRequests()).isEqualTo(1);
    }

    @Test
    void drainsWithoutRequestsThatAreNotWaitedFor() {
        rules.accept(record(INTERACTIVE, 0));
        rules.drain(5);
        assertThat(rules.isDrained(5, 0)).isFalse();
        assertThat(rules.isDrained(5, 1)).isTrue();
        assertThat(rules.lastCommits()).isEmpty();
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

    private static OffsetCommit commit(long nextOffset, long ran) {
        return new OffsetCommit(nextOffset, new CommitNote(ran, 0));
    }

    private static final class FakeReader implements RecordReader<Source> {
        private final Set<Long> undecodable = new HashSet<>();
        private final Set<Long> cancelled = new HashSet<>();

        @Override
        public boolean serves(String modelVersion) {
            return Set.of("1", "2").contains(modelVersion);
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
