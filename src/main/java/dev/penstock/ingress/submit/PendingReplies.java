package dev.penstock.ingress.submit;

import dev.penstock.ingress.call.Ids;
import dev.penstock.ingress.outcomes.DroppedReplies;
import dev.penstock.kafka.TopicFollower;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Reply;
import dev.penstock.messages.RequestId;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
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
 * The calls that wait for their replies. Replies come on this ingress's own partition of {@code penstock.replies}, read without a group
 * so that no rebalance comes between a caller and its answer. Several ingresses may share a partition: the id tells whose a reply is.
 * Thread-safe.
 */
public final class PendingReplies implements TopicFollower.Listener {
    private static final Logger LOG = Logger.getLogger(PendingReplies.class);

    private final int partition;
    private final Ids ids;
    private final Consumer<Reply> unclaimed;
    private final DroppedReplies dropped;
    private final Semaphore places;
    private final Map<String, Waiter> waiters = new ConcurrentHashMap<>();

    /**
     * @param unclaimed receives replies of ours for which nobody waits any more, so that they can be polled
     */
    public PendingReplies(int partition, int max, Ids ids, Consumer<Reply> unclaimed, DroppedReplies dropped) {
        this.partition = partition;
        this.places = new Semaphore(max);
        this.ids = ids;
        this.dropped = dropped;
        this.unclaimed = unclaimed;
    }

    public int partition() {
        return partition;
    }

    /** A place to wait; empty when all are taken. Completes with the reply, or empty at the deadline. */
    public Optional<CompletableFuture<Optional<Reply>>> await(RequestId id, long deadlineNanos) {
        if (!places.tryAcquire()) {
            return Optional.empty();
        }
        CompletableFuture<Optional<Reply>> reply = new CompletableFuture<>();
        waiters.put(id.toString(), new Waiter(reply, deadlineNanos));
        return Optional.of(reply);
    }

    /** Nobody waits any more; false when nobody did. */
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

    /** Tells those that have waited to their deadline. Called every few milliseconds. */
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
        if (!waiters.containsKey(id) && !isOurs(id)) {
            return;
        }
        try {
            Reply reply = Reply.read(record.headers(), record.value());
            // Not before: what is no reply leaves its waiter where the deadline finds it.
            Waiter waiter = leave(id);
            if (waiter == null) {
                unclaimed.accept(reply);
            } else {
                waiter.reply.complete(Optional.of(reply));
            }
        } catch (InvalidRequestException broken) {
            dropped.broken();
            LOG.warnf(
                    "%s-%d@%d is no reply; skipped: %s",
                    record.topic(), record.partition(), record.offset(), broken.getMessage());
        }
    }

    private boolean isOurs(String id) {
        Ids.Issuer issuer = ids.issuerOf(id);
        switch (issuer) {
            case THIS_INGRESS -> {}
            case ANOTHER_INGRESS -> dropped.foreign();
            case NOBODY -> dropped.forged();
        }
        return issuer == Ids.Issuer.THIS_INGRESS;
    }

    private record Waiter(CompletableFuture<Optional<Reply>> reply, long deadlineNanos) {}
}
