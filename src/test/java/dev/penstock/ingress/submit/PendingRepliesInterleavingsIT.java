package dev.penstock.ingress.submit;

import static dev.penstock.threads.Interleavings.require;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.outcomes.DroppedReplyMeters;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Timings;
import dev.penstock.tenants.Tenant;
import dev.penstock.threads.Interleavings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** Event loops, the follower of replies and the sweep share the waiting calls. */
class PendingRepliesInterleavingsIT {
    private static final RequestIdIssuer IDS =
            new RequestIdIssuer("a key that only the tests know".getBytes(UTF_8), System::currentTimeMillis);
    private static final DroppedReplyMeters DROPPED = new DroppedReplyMeters(new SimpleMeterRegistry());
    private static final RequestId FIRST = issue();
    private static final RequestId SECOND = issue();
    private static final ConsumerRecord<byte[], byte[]> REPLY = reply(FIRST);

    @Test
    void noMoreCallsWaitThanMay() {
        Interleavings.check(() -> {
            PendingReplies pending = new PendingReplies(0, 1, IDS, id -> {}, DROPPED);
            AtomicInteger placed = new AtomicInteger();
            Interleavings.run(
                    () -> pending.await(FIRST, 100).ifPresent(place -> placed.incrementAndGet()),
                    () -> pending.await(SECOND, 100).ifPresent(place -> placed.incrementAndGet()));
            require(placed.get() == 1, placed.get() + " calls have the only place");
            require(pending.size() == 1, pending.size() + " calls wait");
        });
    }

    /** The reply comes, the deadline passes and the caller disconnects, all at once. */
    @Test
    void aCallEndsOnceAndItsPlaceIsFreeAgain() {
        Interleavings.check(() -> {
            PendingReplies pending = new PendingReplies(0, 1, IDS, id -> {}, DROPPED);
            CompletableFuture<Optional<Reply>> reply = pending.await(FIRST, 100).orElseThrow();
            AtomicInteger abandoned = new AtomicInteger();
            Interleavings.run(
                    () -> pending.received(REPLY),
                    () -> pending.sweep(100),
                    () -> abandoned.addAndGet(pending.abandon(FIRST) ? 1 : 0));

            boolean replied = reply.isDone() && reply.join().isPresent();
            boolean late = reply.isDone() && reply.join().isEmpty();
            require((replied ? 1 : 0) + (late ? 1 : 0) + abandoned.get() == 1, "the call must end once");
            require(pending.size() == 0, "nobody waits");
            require(pending.await(SECOND, 100).isPresent(), "the place must be free again");
            require(pending.await(FIRST, 100).isEmpty(), "there is one place");
        });
    }

    private static RequestId issue() {
        return IDS.issue(Tenant.anonymous(Optional.empty()), Duration.ofHours(1));
    }

    private static ConsumerRecord<byte[], byte[]> reply(RequestId id) {
        Reply reply = new Reply(id.toString(), "", "", new Outcome.Cancelled(), Timings.NONE);
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("penstock.replies", 0, 0, null, reply.value());
        reply.writeHeaders(record.headers());
        return record;
    }
}
