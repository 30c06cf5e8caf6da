package dev.penstock.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.penstock.messages.CommitNote;
import dev.penstock.threads.Time;
import dev.penstock.worker.accepted.HandoverNote;
import dev.penstock.worker.accepted.Lease;
import dev.penstock.worker.accepted.LogPartition;
import dev.penstock.worker.accepted.OffsetCommit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class GroupCommitsTest {
    private static final Map<LogPartition, OffsetCommit> COMMITS = Map.of(
            new LogPartition("t", 0),
            new OffsetCommit(3, CommitNote.NONE, new HandoverNote(3, 0, false, OptionalLong.empty())));

    private final SilentConsumer consumer = new SilentConsumer();
    private final GroupCommits commits =
            new GroupCommits("m", consumer, new Lease(Duration.ofSeconds(1), System.nanoTime()), Time.OF_MACHINE);

    @Test
    void asksForTheLeaseOnceAtATimeAndWaitsForNoAnswer() {
        commits.renewLease(() -> COMMITS);
        commits.renewLease(() -> COMMITS);
        assertThat(consumer.asked).hasSize(1);

        consumer.asked.getFirst().onComplete(Map.of(), new TimeoutException("Kafka is away"));
        commits.renewLease(() -> COMMITS);
        assertThat(consumer.asked).hasSize(2);
    }

    @Test
    void asksForNoLeaseWithoutPartitions() {
        commits.renewLease(Map::of);
        assertThat(consumer.asked).isEmpty();
    }

    @Test
    void asksForTheLeaseAgainAfterACommitThatCouldNotBeSent() {
        consumer.refuses = true;
        assertThatIllegalStateException().isThrownBy(() -> commits.renewLease(() -> COMMITS));

        consumer.refuses = false;
        commits.renewLease(() -> COMMITS);
        assertThat(consumer.asked).hasSize(1);
    }

    /** A broker that is away takes each commit and answers none; a synchronous commit would wait for it. */
    private static final class SilentConsumer extends MockConsumer<byte[], byte[]> {
        private final List<OffsetCommitCallback> asked = new ArrayList<>();
        private boolean refuses;

        SilentConsumer() {
            super("earliest");
        }

        @Override
        public synchronized void commitAsync(
                Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
            if (refuses) {
                throw new IllegalStateException("this consumer is closed");
            }
            asked.add(callback);
        }

        @Override
        public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
            throw new AssertionError("waits for the broker");
        }
    }
}
