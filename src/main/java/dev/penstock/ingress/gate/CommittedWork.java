package dev.penstock.ingress.gate;

import dev.penstock.messages.CommitNote;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;

/**
 * Adds up the work that workers report in the metadata of their offset commits. A change of a partition's owner does not disturb the sums.
 * Where a commit has no such note, all records that it commits count as run. Not thread-safe.
 */
final class CommittedWork {
    private final Map<TopicPartition, Seen> last = new HashMap<>();
    private final Map<String, CommitNote> byTopic = new HashMap<>();

    private record Seen(long offset, Optional<CommitNote> note) {}

    void observe(TopicPartition partition, long offset, String metadata) {
        Seen seen = new Seen(offset, CommitNote.parse(metadata));
        Seen before = last.put(partition, seen);
        if (before != null && offset > before.offset) {
            byTopic.merge(partition.topic(), between(before, seen), CommitNote::plus);
        }
    }

    /** The work on all partitions of a topic, counted from the first observation of each. */
    CommitNote of(String topic) {
        return byTopic.getOrDefault(topic, CommitNote.NONE);
    }

    private static CommitNote between(Seen before, Seen after) {
        long committed = after.offset - before.offset;
        if (after.note.isEmpty()) {
            return new CommitNote(committed, 0);
        }
        CommitNote now = after.note.get();
        CommitNote then = before.note
                .filter(note -> note.ran() <= now.ran() && note.givenUp() <= now.givenUp())
                .orElse(CommitNote.NONE); // the partition has another owner, which counts from its own start
        return new CommitNote(
                Math.min(now.ran() - then.ran(), committed), Math.min(now.givenUp() - then.givenUp(), committed));
    }
}
