package dev.penstock.ingress.submit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.outcomes.DroppedReplyMeters;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Timings;
import dev.penstock.tenants.Tenant;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PendingRepliesTest {
    private static final byte[] KEY = "a key that only the tests know".getBytes(UTF_8);

    private final RequestIdIssuer ids = new RequestIdIssuer(KEY, System::currentTimeMillis);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final PendingReplies pending = new PendingReplies(0, 10, ids, id -> {}, new DroppedReplyMeters(meters));

    @Test
    void aRecordThatIsNoReplyDoesNotEndTheWait() {
        RequestId id = issue(ids);
        CompletableFuture<Optional<Reply>> waiting = pending.await(id, 100).orElseThrow();

        pending.received(record(id.toString(), "{}".getBytes(UTF_8)));
        pending.received(record(id.toString(), null));
        assertThat(waiting).isNotDone();
        assertThat(dropped("broken")).isEqualTo(2);

        pending.sweep(100);
        assertThat(waiting).isCompletedWithValue(Optional.empty());
    }

    @Test
    void dropsAndCountsForgedIdsAndThoseOfOtherIngresses() {
        pending.received(cancelled("42"));
        pending.received(cancelled(
                issue(new RequestIdIssuer("another key, of other people".getBytes(UTF_8), System::currentTimeMillis))
                        .toString()));
        pending.received(cancelled(
                issue(new RequestIdIssuer(KEY, System::currentTimeMillis)).toString()));
        assertThat(dropped("forged")).isEqualTo(2);
        assertThat(dropped("foreign")).isEqualTo(1);
    }

    @Test
    void aLateReplyToOneOfItsCallsIsNotCountedAsDropped() {
        pending.received(cancelled(issue(ids).toString()));
        assertThat(dropped("foreign") + dropped("forged") + dropped("broken")).isZero();
    }

    @Test
    void noMoreCallsWaitThanMayAndEachGivesItsPlaceBack() {
        PendingReplies one = new PendingReplies(0, 1, ids, id -> {}, new DroppedReplyMeters(meters));
        RequestId answered = issue(ids);
        assertThat(one.await(answered, 100)).isPresent();
        assertThat(one.await(issue(ids), 100)).isEmpty();

        one.received(cancelled(answered.toString()));
        assertThat(one.await(issue(ids), 100)).as("after a reply").isPresent();
        one.sweep(100);
        RequestId abandoned = issue(ids);
        assertThat(one.await(abandoned, 200)).as("after a timeout").isPresent();
        one.abandon(abandoned);
        assertThat(one.await(issue(ids), 200)).as("after a cancellation").isPresent();
    }

    private static RequestId issue(RequestIdIssuer ids) {
        return ids.issue(Tenant.anonymous(Optional.empty()), Duration.ofSeconds(1));
    }

    private double dropped(String reason) {
        return meters.get("inference.replies.dropped")
                .tag("reason", reason)
                .counter()
                .count();
    }

    private static ConsumerRecord<byte[], byte[]> cancelled(String id) {
        Reply reply = new Reply(id, "", "", new Outcome.Cancelled(), Timings.NONE);
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("penstock.replies", 0, 0, null, reply.value());
        reply.writeHeaders(record.headers());
        return record;
    }

    private static ConsumerRecord<byte[], byte[]> record(String id, byte @Nullable [] value) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("penstock.replies", 0, 0, null, value);
        record.headers().add("correlation-id", id.getBytes(UTF_8));
        return record;
    }
}
