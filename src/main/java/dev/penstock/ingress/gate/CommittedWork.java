package dev.penstock.ingress.gate;

import dev.penstock.messages.CommitNote;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;

/**
 * Adds up the work that workers report in the metadata of their offset commits. A change of a partition's owner does not disturb the sums.
 * Where a commit has no such note, all records that it commits count as run. Where a note does not tell for how long there was work, there
 * was work all the time. Not thread-safe.
 */
final class CommittedWork {
    private final Map<TopicPartition, Seen> last = new HashMap<>();
    private final Map<String, Sum> byTopic = new HashMap<>();

    private record Seen(long offset, Optional<CommitNote> note, long nanos) {}

    private static final class Sum {
        private long ran;
        private long givenUp;
        private final Map<Integer, Long> atWorkMicros = new HashMap<>();
    }

    /** @param now monotonic, in nanoseconds */
    void observe(TopicPartition partition, long offset, String metadata, long now) {
        Seen seen = new Seen(offset, CommitNote.parse(metadata), now);
        Seen before = last.put(partition, seen);
        if (before == null) {
            return;
        }
        Sum sum = byTopic.computeIfAbsent(partition.topic(), topic -> new Sum());
        long committed = Math.max(0, offset - before.offset);
        CommitNote then = then(before, seen);
        CommitNote work = seen.note.orElse(new CommitNote(committed, 0, OptionalLong.empty()));
        sum.ran += Math.min(work.ran() - then.ran(), committed);
        sum.givenUp += Math.min(work.givenUp() - then.givenUp(), committed);
        long all = TimeUnit.NANOSECONDS.toMicros(now - before.nanos);
        long atWork = work.atWorkMicros().isPresent()
                ? work.atWorkMicros().getAsLong() - then.atWorkMicros().orElse(0)
                : all;
        sum.atWorkMicros.merge(partition.partition(), atWork, Long::sum);
    }

    /** The work on all partitions of a topic, counted from the first observation of each. */
    LaneWork of(String topic) {
        Sum sum = byTopic.get(topic);
        return sum == null ? LaneWork.NONE : new LaneWork(sum.ran, sum.givenUp, Map.copyOf(sum.atWorkMicros));
    }

    /** What the owner had reported before; nothing where the partition has another owner now, which counts from its own start. */
    private static CommitNote then(Seen before, Seen after) {
        if (after.note.isEmpty()) {
            return CommitNote.NONE;
        }
        CommitNote now = after.note.get();
        return before.note
                .filter(then -> then.ran() <= now.ran()
                        && then.givenUp() <= now.givenUp()
                        && then.atWorkMicros().orElse(0) <= now.atWorkMicros().orElse(Long.MAX_VALUE))
                .orElse(CommitNote.NONE);
    }
}
