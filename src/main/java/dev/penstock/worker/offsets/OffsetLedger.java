package dev.penstock.worker.offsets;

import static java.util.Objects.requireNonNull;

import dev.penstock.messages.CommitNote;
import dev.penstock.protocol.Lane;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Which polled records are settled, and so how far each partition may be committed: up to the first that is not, with a note of what
 * they were worth. Confined to the consumer's thread; only positions are settled from other threads.
 */
public final class OffsetLedger {
    private final Map<TopicPartition, Deque<Position>> open = new HashMap<>();
    private final Map<TopicPartition, CommitNote> notes = new HashMap<>();
    private final Map<Lane, OpenWork> work = new EnumMap<>(Lane.class);

    public OffsetLedger() {
        for (Lane lane : Lane.values()) {
            work.put(lane, new OpenWork());
        }
    }

    public Position open(TopicPartition partition, Lane lane, long offset, int bytes) {
        OpenWork ofLane = requireNonNull(work.get(lane));
        Position position = new Position(ofLane, offset, bytes);
        open.computeIfAbsent(partition, none -> new ArrayDeque<>()).add(position);
        ofLane.add(1, 0, bytes);
        return position;
    }

    /** The offsets to commit: of each partition that moved, that of the first record not settled. Each move is told once. */
    public Map<TopicPartition, OffsetAndMetadata> takeCommittable() {
        Map<TopicPartition, OffsetAndMetadata> committable = new HashMap<>();
        open.forEach((partition, positions) -> {
            long next = -1;
            long ran = 0;
            long givenUp = 0;
            while (!positions.isEmpty() && positions.getFirst().settled) {
                Position position = positions.removeFirst();
                next = position.offset + 1;
                ran += position.effort == Effort.RAN ? 1 : 0;
                givenUp += position.effort == Effort.GIVEN_UP ? 1 : 0;
            }
            if (next >= 0) {
                CommitNote note = notes.merge(partition, new CommitNote(ran, givenUp), CommitNote::plus);
                committable.put(partition, new OffsetAndMetadata(next, note.toMetadata()));
            }
        });
        return committable;
    }

    /** These partitions are another worker's now; what is still open of them will be answered twice, and deduplicated by id. */
    public void forget(Collection<TopicPartition> partitions) {
        open.keySet().removeAll(partitions);
        notes.keySet().removeAll(partitions);
    }

    public OpenWork.Amount open(Lane lane) {
        return requireNonNull(work.get(lane)).amount();
    }

    public int openRequests() {
        return open(Lane.INTERACTIVE).plus(open(Lane.BULK)).requests();
    }

    /** What became of a request, as far as it tells of the worker's speed. */
    public enum Effort {
        NONE,
        RAN,
        GIVEN_UP
    }

    /** One record's place in the log; to be settled exactly once, when its reply is safe. */
    public static final class Position {
        private final OpenWork work;
        private final long offset;
        private final int bytes;
        private int rows;
        private Effort effort = Effort.NONE;
        private volatile boolean settled;

        private Position(OpenWork work, long offset, int bytes) {
            this.work = work;
            this.offset = offset;
            this.bytes = bytes;
        }

        /** To be told before anybody can settle it. */
        public void holds(int decodedRows) {
            work.add(0, decodedRows, 0);
            rows = decodedRows;
        }

        /** To be told before it is settled. */
        public void took(Effort effort) {
            this.effort = effort;
        }

        public Effort effort() {
            return effort;
        }

        public void settle() {
            if (settled) {
                throw new IllegalStateException("offset " + offset + " is settled already");
            }
            settled = true;
            work.add(-1, -rows, -bytes);
        }
    }
}
