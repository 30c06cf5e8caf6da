package dev.penstock.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.threads.Faults;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

/** The follower over Kafka's own mock of a consumer. */
class TopicFollowerTest {
    private static final TopicPartition PARTITION = new TopicPartition("t", 0);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
    private final Faults faults = new Faults("ingress");
    private final List<String> received = new CopyOnWriteArrayList<>();

    @Test
    void oneRecordThatFailsDoesNotSkipTheRestOfThePoll() {
        poll("fine", "times out", "also fine", "bug", "last");
        try (TopicFollower follower = follow()) {
            await().untilAsserted(() -> assertThat(received).containsExactly("fine", "also fine", "last"));
            assertThat(follower.isFollowing()).isTrue();
            assertThat(faults.isEmpty()).isTrue();
        }
    }

    @Test
    void aFollowerThatEndedDoesNotSayThatItFollows() {
        try (TopicFollower follower = follow()) {
            await().until(follower::isFollowing);
            consumer.schedulePollTask(() -> {
                throw new IllegalStateException("a bug in the consumer");
            });
            await().until(() -> !follower.isFollowing());
            assertThat(faults.first()).hasValueSatisfying(fault -> {
                assertThat(fault.thread()).isEqualTo("follower");
                assertThat(fault.consequence()).isEqualTo("Nothing is followed.");
                assertThat(fault.cause()).hasMessage("a bug in the consumer");
            });
        }
    }

    @Test
    void troubleWithTheBrokerIsTriedAgain() {
        try (TopicFollower follower = follow()) {
            await().until(follower::isFollowing);
            consumer.schedulePollTask(() -> {
                throw new DisconnectException("the broker is gone");
            });
            poll("after");
            await().untilAsserted(() -> assertThat(received).containsExactly("after"));
            assertThat(follower.isFollowing()).isTrue();
        }
        assertThat(consumer.closed()).isTrue();
    }

    private TopicFollower follow() {
        return new TopicFollower("follower", "Nothing is followed.", faults, consumer, new TopicFollower.Listener() {
            @Override
            public void assign(Consumer<byte[], byte[]> assigned) {
                assigned.assign(List.of(PARTITION));
                consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
                assigned.seekToBeginning(List.of(PARTITION));
            }

            @Override
            public void received(ConsumerRecord<byte[], byte[]> record) {
                String text = new String(record.value(), UTF_8);
                if (text.equals("times out")) {
                    throw new TimeoutException("no metadata within 1000 ms");
                }
                if (text.equals("bug")) {
                    throw new IllegalStateException("a bug in the listener");
                }
                received.add(text);
            }
        });
    }

    /** What one poll brings. */
    private void poll(String... values) {
        consumer.schedulePollTask(() -> {
            for (int i = 0; i < values.length; i++) {
                consumer.addRecord(new ConsumerRecord<>("t", 0, i, null, values[i].getBytes(UTF_8)));
            }
        });
    }
}
