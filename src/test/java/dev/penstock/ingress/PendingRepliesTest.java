package dev.penstock.ingress;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Reply;
import dev.penstock.protocol.RequestId;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PendingRepliesTest {
    private final Ids ids = new Ids("a key that only the tests know".getBytes(UTF_8));
    private final PendingReplies pending = new PendingReplies(0, 10, ids::isOurs, late -> {});

    @Test
    void keepsTheWaiterWhenARecordWithItsIdIsNoReply() {
        RequestId id = ids.issue(Duration.ofSeconds(1));
        CompletableFuture<Optional<Reply>> waiting = pending.await(id, 100).orElseThrow();

        pending.received(record(id, "{}".getBytes(UTF_8)));
        pending.received(record(id, null));
        assertThat(waiting).isNotDone();

        pending.sweep(100);
        assertThat(waiting).isCompletedWithValue(Optional.empty());
    }

    private static ConsumerRecord<byte[], byte[]> record(RequestId id, byte @Nullable [] value) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("penstock.replies", 0, 0, null, value);
        record.headers().add("correlation-id", id.toString().getBytes(UTF_8));
        return record;
    }
}
