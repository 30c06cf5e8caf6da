package dev.penstock.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.threads.Faults;
import dev.penstock.threads.LoggedLines;
import dev.penstock.threads.ServiceThread;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** The recorder over Kafka's own mock of a consumer. */
class TopicRecorderTest {
    private static final TopicPartition PARTITION = new TopicPartition("t", 0);

    private final AtomicInteger polls = new AtomicInteger();

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest") {
        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            polls.incrementAndGet();
            return super.poll(timeout);
        }
    };

    private final Faults faults = new Faults("ingress");
    private final List<String> stored = new CopyOnWriteArrayList<>();
    private final AtomicInteger failures = new AtomicInteger();

    @Test
    void aRecordThatTheStoreTripsOverDoesNotKeepTheOthersOut() {
        poll("fine", "bug", "last");
        try (TopicRecorder recorder = record()) {
            await().untilAsserted(() -> assertThat(stored).containsExactly("fine", "last"));
            await().until(() -> committed() == 3);
            assertThat(faults.isEmpty()).isTrue();
            assertThat(recorder).isNotNull();
        }
    }

    @Test
    void whatAStoreDidNotTakeIsReadAgain() {
        failures.set(2);
        poll("a", "b");
        try (TopicRecorder recorder = record()) {
            await().until(() -> committed() == 2);
            assertThat(stored).containsExactly("a", "b");
            assertThat(recorder).isNotNull();
        }
    }

    @Test
    void aStoreThatWasAwayWorksAgainOnceItHasTakenSomething() {
        failures.set(Integer.MAX_VALUE);
        poll("a", "b");
        try (LoggedLines lines = LoggedLines.of(ServiceThread.class);
                TopicRecorder recorder = record()) {
            await().until(() -> lines.text().contains("recorder: a turn failed"));
            AtomicInteger before = new AtomicInteger(Integer.MAX_VALUE);
            consumer.schedulePollTask(() -> {
                consumer.rebalance(List.of()); // its partition goes to another member
                before.set(polls.get());
            });
            await().until(() -> polls.get() - 10 > before.get());
            assertThat(lines.text()).doesNotContain("works again");
            failures.set(0);
            poll("a", "b");
            await().until(() -> lines.text().contains("recorder: works again"));
            assertThat(stored).containsExactly("a", "b");
            assertThat(recorder).isNotNull();
        }
    }

    @Test
    void aRecorderThatEndsIsReported() {
        consumer.schedulePollTask(() -> {
            throw new IllegalStateException("a bug in the consumer");
        });
        try (TopicRecorder recorder = record()) {
            await().until(() -> !faults.isEmpty());
            assertThat(recorder).isNotNull();
        }
        assertThat(faults.first())
                .hasValueSatisfying(fault -> assertThat(fault.thread()).isEqualTo("recorder"));
    }

    private long committed() {
        var committed = consumer.committed(Set.of(PARTITION)).get(PARTITION);
        return committed == null ? 0 : committed.offset();
    }

    private TopicRecorder record() {
        return new TopicRecorder("recorder", "Nothing is recorded.", faults, consumer, "t", this::store);
    }

    private CompletionStage<?> store(List<ConsumerRecord<byte[], byte[]>> records) {
        if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            consumer.schedulePollTask(this::readAgain);
            return CompletableFuture.failedFuture(new IllegalStateException("the store is away"));
        }
        List<String> values = records.stream()
                .map(record -> new String(record.value(), UTF_8))
                .toList();
        if (values.contains("bug")) {
            throw new IllegalStateException("a bug in the store");
        }
        stored.addAll(values);
        return CompletableFuture.completedFuture(null);
    }

    /** What the first poll brings. */
    private void poll(String... values) {
        consumer.schedulePollTask(() -> {
            consumer.rebalance(List.of(PARTITION));
            consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
            add(values);
        });
    }

    /** A broker has them still, this consumer does not. */
    private void readAgain() {
        if (!consumer.assignment().isEmpty()) {
            add("a", "b");
        }
    }

    private void add(String... values) {
        for (int i = 0; i < values.length; i++) {
            consumer.addRecord(new ConsumerRecord<>("t", 0, i, null, values[i].getBytes(UTF_8)));
        }
    }
}
