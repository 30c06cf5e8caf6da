package dev.penstock.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.threads.Faults;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** The indexer over Kafka's own mock of a consumer. */
class TopicIndexerTest {
    private static final TopicPartition PARTITION = new TopicPartition("t", 0);
    private static final int RECORDS = 5;

    private final AtomicLong polled = new AtomicLong();
    private final AtomicLong stored = new AtomicLong();
    private final AtomicLong askedTooEarly = new AtomicLong();
    private final AtomicLong nanos = new AtomicLong();
    private final Map<Integer, IndexPosition> positions = new HashMap<>();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final AtomicBoolean refuses = new AtomicBoolean();
    private final AtomicBoolean isAway = new AtomicBoolean();
    private final AtomicBoolean hasNoPartition = new AtomicBoolean();
    private final AtomicLong askedWithoutPartition = new AtomicLong();
    private final Faults faults = new Faults("ingress");

    /** One record with each poll. */
    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest") {
        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            if (hasNoPartition.get()) {
                rebalance(List.of());
            } else if (assignment().isEmpty()) {
                rebalance(List.of(PARTITION));
            } else if (paused().isEmpty() && polled.get() < RECORDS) {
                addRecord(new ConsumerRecord<>("t", 0, polled.get(), new byte[0], new byte[0]));
                updateEndOffsets(Map.of(PARTITION, polled.get() + 1));
            }
            ConsumerRecords<byte[], byte[]> records = super.poll(timeout);
            polled.addAndGet(records.count());
            return records;
        }

        @Override
        public synchronized Map<TopicPartition, Long> endOffsets(
                Collection<TopicPartition> partitions, Duration timeout) {
            askedTooEarly.addAndGet(polled.get() > stored.get() ? 1 : 0);
            return super.endOffsets(partitions, timeout);
        }

        @Override
        public synchronized Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
                Map<TopicPartition, Long> times, Duration timeout) {
            return new HashMap<>();
        }
    };

    private final TopicIndexer.Index index = new TopicIndexer.Index() {
        @Override
        public CompletionStage<TopicIndexer.State> state() {
            askedWithoutPartition.addAndGet(consumer.assignment().isEmpty() ? 1 : 0);
            if (isAway.get()) {
                return CompletableFuture.failedFuture(new IOException("away"));
            }
            return CompletableFuture.completedFuture(new TopicIndexer.State(nanos.get() / 1_000_000, 0, positions));
        }

        @Override
        public CompletionStage<Set<Integer>> store(List<TopicIndexer.Step> steps) {
            if (refuses.getAndSet(false)) {
                return CompletableFuture.completedFuture(Set.of(0));
            }
            for (TopicIndexer.Step step : steps) {
                positions.put(step.partition(), step.to());
                stored.addAndGet(step.records().size());
            }
            return CompletableFuture.completedFuture(Set.of());
        }

        @Override
        public void takenUp(int partition, long sinceMillis) {
            heard.add("taken up " + (sinceMillis <= nanos.get() / 1_000_000 ? "now" : "later"));
        }

        @Override
        public void givenUp(int partition) {
            heard.add("given up");
        }
    };

    /**
     * A broker answers a connection's requests one after the other, and a fetch that finds nothing takes half a second. Whatever the
     * indexer asks may wait for that, and the outcomes that it has read must not wait with it.
     */
    @Test
    void storesWhatItHasReadBeforeItAsksTheBroker() {
        try (TopicIndexer indexer = indexer()) {
            await().until(() -> stored.get() == RECORDS);
            assertThat(askedTooEarly).hasValue(0);
            assertThat(faults.first()).isEmpty();
            assertThat(indexer).isNotNull();
        }
    }

    @Test
    void tellsFromWhenToWhenItReadsAPartition() {
        try (TopicIndexer indexer = indexer()) {
            await().until(() -> stored.get() > 0);
            assertThat(heard).containsExactly("given up", "taken up now");
            refuses.set(true);
            await().untilAsserted(() ->
                    assertThat(heard).containsExactly("given up", "taken up now", "given up", "taken up now"));
            assertThat(faults.first()).isEmpty();
            assertThat(indexer).isNotNull();
        }
    }

    /** Its turns must not succeed until the index answers, since each success is told to the log as the end of the trouble. */
    @Test
    void asksAnIndexThatWasAwayThoughItHasNoPartition() {
        isAway.set(true);
        try (TopicIndexer indexer = indexer()) {
            await().until(() -> heard.contains("given up"));
            hasNoPartition.set(true);
            await().until(() -> askedWithoutPartition.get() > 2);
            isAway.set(false);
            hasNoPartition.set(false);
            await().until(() -> stored.get() == RECORDS);
            assertThat(faults.first()).isEmpty();
            assertThat(indexer).isNotNull();
        }
    }

    private TopicIndexer indexer() {
        consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
        consumer.updateEndOffsets(Map.of(PARTITION, 0L));
        consumer.updatePartitions("t", List.of(new PartitionInfo("t", 0, null, null, null)));
        return new TopicIndexer(
                "index",
                "Nothing is indexed.",
                faults,
                consumer,
                "t",
                index,
                Duration.ofMinutes(1),
                () -> nanos.addAndGet(Duration.ofSeconds(1).toNanos()),
                () -> nanos.get() / 1_000_000);
    }
}
