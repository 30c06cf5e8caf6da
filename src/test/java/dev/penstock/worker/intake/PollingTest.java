package dev.penstock.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.penstock.threads.LoggedLines;
import dev.penstock.threads.Time;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

class PollingTest {
    private static final Duration WAIT = Duration.ofMillis(100);

    private final ParkedTime time = new ParkedTime();
    private final RefusingConsumer consumer = new RefusingConsumer();
    private final Polling polling = new Polling("m", consumer, time);

    @Test
    void goesOnAfterTheFirstRefusal() {
        consumer.refusal = Optional.of(new TopicAuthorizationException("denied"));
        assertThat(polling.poll(WAIT)).isEmpty();

        consumer.refusal = Optional.empty();
        time.nanos += Duration.ofSeconds(1).toNanos();
        assertThat(polling.poll(WAIT)).hasSize(1);
    }

    @Test
    void waitsLongerFromRefusalToRefusalAndASecondAtMost() {
        consumer.refusal = Optional.of(new TopicAuthorizationException("denied"));
        polling.poll(WAIT);
        time.nanos = 0;
        for (int calls = 0; calls < 1000 && time.nanos < Duration.ofSeconds(10).toNanos(); calls++) {
            polling.poll(WAIT);
        }
        assertThat(consumer.polls).isBetween(10, 16);
    }

    @Test
    void doesNotWaitLongerThanItIsAsked() {
        consumer.refusal = Optional.of(new TopicAuthorizationException("denied"));
        polling.poll(WAIT);
        long before = time.nanos;
        polling.poll(Duration.ofMillis(5));
        assertThat(time.nanos - before).isEqualTo(Duration.ofMillis(5).toNanos());
        assertThat(consumer.polls).isEqualTo(1);
    }

    @Test
    void doesNotWaitOnceNoPollHasFailedForFiveSeconds() {
        consumer.refusal = Optional.of(new TopicAuthorizationException("denied"));
        polling.poll(WAIT);
        consumer.refusal = Optional.empty();
        time.nanos += Duration.ofSeconds(5).toNanos();
        polling.poll(WAIT);
        consumer.refusal = Optional.of(new TopicAuthorizationException("denied"));
        polling.poll(WAIT);
        long before = time.nanos;
        polling.poll(WAIT);
        assertThat(time.nanos - before)
                .as("the first wait again")
                .isEqualTo(Duration.ofMillis(50).toNanos());
    }

    @Test
    void tellsOfARefusalAtOnce() {
        try (LoggedLines log = LoggedLines.of(Polling.class)) {
            consumer.refusal = Optional.of(new TopicAuthorizationException("denied"));
            polling.poll(WAIT);
            assertThat(log.lines()).singleElement().asString().contains("Intake of model m", "denied");
        }
    }

    /** A broker that has just started may need more than a second for its first answers. */
    @Test
    void tellsOfLateAnswersOnceTheyAreLateForFiveSeconds() {
        try (LoggedLines log = LoggedLines.of(Polling.class)) {
            consumer.refusal = Optional.of(new TimeoutException("late"));
            polling.poll(WAIT);
            time.nanos += Duration.ofMillis(4900).toNanos();
            polling.poll(WAIT);
            assertThat(log.lines()).isEmpty();

            time.nanos += Duration.ofMillis(200).toNanos();
            polling.poll(WAIT);
            assertThat(log.lines()).singleElement().asString().contains("Intake of model m", "late");
        }
    }

    @Test
    void aBugIsNoRefusal() {
        consumer.refusal = Optional.of(new IllegalStateException("closed"));
        assertThatIllegalStateException().isThrownBy(() -> polling.poll(WAIT));
    }

    /** Returns a record, or refuses. */
    private static final class RefusingConsumer extends MockConsumer<byte[], byte[]> {
        private Optional<RuntimeException> refusal = Optional.empty();
        private int polls;

        RefusingConsumer() {
            super("earliest");
        }

        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            polls++;
            if (refusal.isPresent()) {
                throw refusal.get();
            }
            TopicPartition partition = new TopicPartition("t", 0);
            return new ConsumerRecords<>(
                    Map.of(partition, List.of(new ConsumerRecord<>("t", 0, 0, new byte[0], new byte[0]))), Map.of());
        }
    }

    /** Passes only while somebody waits. */
    private static final class ParkedTime implements Time {
        private long nanos;

        @Override
        public long nanos() {
            return nanos;
        }

        @Override
        public long millis() {
            return nanos / 1_000_000;
        }

        @Override
        public void park(Object blocker, long parkedNanos) {
            nanos += parkedNanos;
        }
    }
}
