package dev.penstock.ingress.submit;

import dev.penstock.ingress.call.RequestIdIssuer;
import dev.penstock.ingress.outcomes.DroppedReplyMeters;
import dev.penstock.kafka.TopicFollower;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.threads.LimitedLog;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Matches replies to the synchronous calls that wait for them. It reads this ingress's partition of {@code penstock.replies} without a
 * group, so that no rebalance delays a reply. Several ingresses may share a partition; the id of a reply shows which
 * one it is for. Thread-safe.
 */
public final class PendingReplies implements TopicFollower.Listener {
    private static final LimitedLog SKIPPED = new LimitedLog(Logger.getLogger(PendingReplies.class));

    private final int partition;
    private final RequestIdIssuer ids;
    private final Consumer<String> unclaimed;
    private final DroppedReplyMeters dropped;
    private final int max;
    private final Semaphore places;
    private final Map<String, Waiter> waiters = new ConcurrentHashMap<>();

    /**
     * @param max the most calls that may wait
     * @param unclaimed receives the ids of replies to calls of this ingress that no longer wait
     */
    public PendingReplies(
            int partition, int max, RequestIdIssuer ids, Consumer<String> unclaimed, DroppedReplyMeters dropped) {
        this.partition = partition;
        this.unclaimed = unclaimed;
        this.max = max;
        this.places = new Semaphore(max);
        this.ids = ids;
        this.dropped = dropped;
    }

    public int partition() {
        return partition;
    }

    public int max() {
        return max;
    }

    /** Lets a call wait, unless too many do. The future completes with the reply, or empty at the deadline. */
    public Optional<CompletableFuture<Optional<Reply>>> await(RequestId id, long deadlineNanos) {
        if (!places.tryAcquire()) {
            return Optional.empty();
        }
        CompletableFuture<Optional<Reply>> reply = new CompletableFuture<>();
        waiters.put(id.toString(), new Waiter(reply, deadlineNanos));
        return Optional.of(reply);
    }

    /** Ends the wait of a call; false if it did not wait. */
    public boolean abandon(RequestId id) {
        return leave(id.toString()) != null;
    }

    private @Nullable Waiter leave(String id) {
        Waiter waiter = waiters.remove(id);
        if (waiter != null) {
            places.release();
        }
        return waiter;
    }

    public int size() {
        return waiters.size();
    }

    /** Ends the waits whose deadline has passed. Called every few milliseconds. */
    public void sweep(long nowNanos) {
        waiters.forEach((id, waiter) -> {
            if (waiter.deadlineNanos - nowNanos <= 0 && waiters.remove(id, waiter)) {
                places.release();
                waiter.reply.complete(Optional.empty());
            }
        });
    }

    @Override
    public void assign(org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> own = List.of(new TopicPartition(Topics.REPLIES, partition));
        consumer.assign(own);
        consumer.seekToEnd(own);
    }

    @Override
    public void received(ConsumerRecord<byte[], byte[]> record) {
        String id = RecordHeaders.text(record.headers(), RecordHeaders.CORRELATION_ID)
                .orElse("");
        if (!waiters.containsKey(id)) {
            drop(id);
            return;
        }
        try {
            Reply reply = Reply.read(record.headers(), record.value());
            // Not earlier: a record that is no reply must not end a wait.
            Waiter waiter = leave(id);
            if (waiter != null) {
                waiter.reply.complete(Optional.of(reply));
            }
        } catch (InvalidRequestException broken) {
            dropped.broken();
            SKIPPED.warn(
                    "Skipped %s-%d@%d, which is not a reply: its %s breaks a rule. Only workers may write to this topic",
                    record.topic(), record.partition(), record.offset(), broken.field());
        }
    }

    private void drop(String id) {
        switch (ids.originOf(id)) {
            case THIS_INGRESS -> unclaimed.accept(id); // late, or a second one; polls find the first in the log
            case ANOTHER_INGRESS -> dropped.foreign();
            case NOBODY -> dropped.forged();
        }
    }

    private record Waiter(CompletableFuture<Optional<Reply>> reply, long deadlineNanos) {}
}
