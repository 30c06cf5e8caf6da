package dev.penstock.worker;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Which polled records are settled, and so how far each partition may be committed: up to the first that is not. Confined to the
 * consumer's thread; only positions are settled from other threads.
 */
final class OffsetLedger {
    private final Map<TopicPartition, Deque<Position>> open = new HashMap<>();
    private final AtomicInteger openRequests = new AtomicInteger();
    private final AtomicLong openBytes = new AtomicLong();

    Position open(TopicPartition partition, long offset, int bytes) {
        Position position = new Position(offset, bytes);
        open.computeIfAbsent(partition, none -> new ArrayDeque<>()).add(position);
        openRequests.incrementAndGet();
        openBytes.addAndGet(bytes);
        return position;
    }

    /** The offsets to commit: of each partition that moved, that of the first record not settled. Each move is told once. */
    Map<TopicPartition, OffsetAndMetadata> takeCommittable() {
        Map<TopicPartition, OffsetAndMetadata> committable = new HashMap<>();
        open.forEach((partition, positions) -> {
            long next = -1;
            while (!positions.isEmpty() && positions.getFirst().settled) {
                next = positions.removeFirst().offset + 1;
            }
            if (next >= 0) {
                committable.put(partition, new OffsetAndMetadata(next));
            }
        });
        return committable;
    }

    /** These partitions are another worker's now; what is still open of them will be answered twice, and deduplicated by id. */
    void forget(Collection<TopicPartition> partitions) {
        open.keySet().removeAll(partitions);
    }

    int openRequests() {
        return openRequests.get();
    }

    long openBytes() {
        return openBytes.get();
    }

    /** One record's place in the log; to be settled exactly once, when its reply is safe. */
    final class Position {
        private final long offset;
        private final int bytes;
        private volatile boolean settled;

        private Position(long offset, int bytes) {
            this.offset = offset;
            this.bytes = bytes;
        }

        void settle() {
            if (settled) {
                throw new IllegalStateException("offset " + offset + " is settled already");
            }
            settled = true;
            openRequests.decrementAndGet();
            openBytes.addAndGet(-bytes);
        }
    }
}
