package dev.penstock.simulation.faults;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/** A member of the group, as the intake sees it. Only what the intake calls is simulated. */
@SuppressWarnings("UnsynchronizedOverridesSynchronized") // one thread runs at a time
final class SimulatedConsumer extends MockConsumer<byte[], byte[]> {
    private static final int MOST_RECORDS = 16;
    private static final long HEARTBEAT_NANOS = 300_000_000;
    private static final long RETRY_NANOS = 50_000_000;
    private static final int NOBODY = 0;

    private final SimulatedProcess process;
    private final Network network;
    private final Network.Connection connection;
    private final SimulatedLogs logs;
    private final SimulatedGroup group;
    private final Map<TopicPartition, Optional<Long>> positions = new LinkedHashMap<>();
    private final Set<TopicPartition> paused = new HashSet<>();
    private final Set<TopicPartition> givenUp = new TreeSet<>(SimulatedGroup.ORDER);
    private final Queue<Runnable> callbacks = new ArrayDeque<>();
    private ConsumerRebalanceListener listener = new ConsumerRebalanceListener() {
        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}
    };
    private int member = NOBODY;
    private int generation;
    private boolean isLost;
    private boolean mustSync;

    SimulatedConsumer(SimulatedProcess process, Network network, SimulatedLogs logs, SimulatedGroup group) {
        super("earliest");
        this.process = process;
        this.network = network;
        this.connection = network.connect(process);
        this.logs = logs;
        this.group = group;
    }

    @Override
    public void subscribe(Collection<String> topics, ConsumerRebalanceListener rebalances) {
        listener = rebalances;
        process.after(HEARTBEAT_NANOS, this::heartbeat);
    }

    private void heartbeat() {
        process.after(HEARTBEAT_NANOS, this::heartbeat);
        int asked = member;
        if (asked != NOBODY) {
            connection.ask(() -> group.heartbeat(asked)).thenAccept(answer -> heard(asked, answer));
        }
    }

    private void heard(int asked, SimulatedGroup.Heartbeat answer) {
        if (asked == member) {
            isLost |= !answer.isKnown();
            mustSync |= answer.generation() > generation || answer.isMoreThere();
            if (isLost || mustSync) {
                process.signal();
            }
        }
    }

    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration wait) {
        long until = process.nanos() + wait.toNanos();
        runCallbacks();
        takePart(until);
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records = fetch();
        if (records.isEmpty()) {
            process.await(() -> isLost || mustSync || !callbacks.isEmpty() || hasUnread(), until - process.nanos());
            runCallbacks();
            records = fetch();
        }
        return new ConsumerRecords<>(records, Map.of());
    }

    private void runCallbacks() {
        for (Runnable next = callbacks.poll(); next != null; next = callbacks.poll()) {
            next.run();
        }
    }

    /** Joins, gives up and takes over, as far as the group has got. */
    private void takePart(long untilNanos) {
        try {
            if (isLost) {
                lose();
            }
            if (member == NOBODY) {
                member = connection.call(left(untilNanos), () -> group.join(process.name));
                mustSync = true;
            }
            if (mustSync) {
                sync(untilNanos);
            }
        } catch (TimeoutException notYet) {
            process.await(() -> false, Math.min(RETRY_NANOS, untilNanos - process.nanos()));
        } catch (CommitFailedException unknown) {
            isLost = true;
        }
    }

    private Duration left(long untilNanos) {
        return Duration.ofNanos(Math.max(RETRY_NANOS, untilNanos - process.nanos()));
    }

    private void lose() {
        isLost = false;
        member = NOBODY;
        givenUp.clear();
        List<TopicPartition> gone = List.copyOf(positions.keySet());
        positions.clear();
        paused.clear();
        if (!gone.isEmpty()) {
            listener.onPartitionsLost(gone);
        }
    }

    private void sync(long untilNanos) {
        SimulatedGroup.Assignment assignment = sync(left(untilNanos));
        List<TopicPartition> going = positions.keySet().stream()
                .filter(partition -> !assignment.target().contains(partition))
                .toList();
        if (!going.isEmpty()) {
            listener.onPartitionsRevoked(going);
            if (isLost) {
                return;
            }
            givenUp.addAll(going);
            going.forEach(positions::remove);
            paused.removeAll(Set.copyOf(going));
            mustSync = true;
        }
        List<TopicPartition> missed = assignment.owned().stream()
                .filter(partition -> !assignment.target().contains(partition) && !positions.containsKey(partition))
                .toList();
        mustSync |= givenUp.addAll(missed); // came and went without an answer that arrived
        List<TopicPartition> coming = assignment.owned().stream()
                .filter(assignment.target()::contains)
                .filter(partition -> !positions.containsKey(partition))
                .toList();
        if (!coming.isEmpty()) {
            coming.forEach(partition -> positions.put(partition, Optional.empty()));
            listener.onPartitionsAssigned(coming);
        }
        if (mustSync) {
            sync(left(untilNanos)); // hands over at once what was given up; what comes back is taken at the next poll
            mustSync = true;
        }
    }

    private SimulatedGroup.Assignment sync(Duration timeout) {
        int me = member;
        List<TopicPartition> gone = List.copyOf(givenUp);
        mustSync = false;
        try {
            SimulatedGroup.Assignment assignment = connection.call(timeout, () -> group.sync(me, gone));
            generation = assignment.generation();
            gone.forEach(givenUp::remove);
            return assignment;
        } catch (TimeoutException unanswered) {
            mustSync = true;
            throw unanswered;
        }
    }

    private Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> fetch() {
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> fetched = new LinkedHashMap<>();
        if (!network.isReachable(process)) {
            return fetched;
        }
        int room = MOST_RECORDS;
        for (Map.Entry<TopicPartition, Optional<Long>> each : positions.entrySet()) {
            TopicPartition partition = each.getKey();
            if (each.getValue().isPresent() && !paused.contains(partition)) {
                long from = each.getValue().get();
                long to = Math.min(from + room, logs.end(partition));
                if (from < to) {
                    fetched.put(partition, List.copyOf(logs.records(partition).subList((int) from, (int) to)));
                    each.setValue(Optional.of(to));
                    room -= (int) (to - from);
                }
            }
        }
        return fetched;
    }

    private boolean hasUnread() {
        return network.isReachable(process)
                && positions.entrySet().stream()
                        .anyMatch(each -> !paused.contains(each.getKey())
                                && each.getValue()
                                        .filter(next -> next < logs.end(each.getKey()))
                                        .isPresent());
    }

    /** A record was appended. */
    void wake() {
        if (hasUnread()) {
            process.signal();
        }
    }

    @Override
    public void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
        commit(offsets)
                .whenComplete((done, failure) -> callbacks.add(() -> {
                    noticed(failure);
                    callback.onComplete(offsets, failure instanceof Exception broken ? broken : null);
                }));
    }

    @Override
    public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
        int me = member;
        int mine = generation;
        try {
            connection.call(timeout, () -> {
                group.commit(me, mine, offsets);
                return true;
            });
        } catch (RuntimeException refused) {
            noticed(refused);
            throw refused;
        }
    }

    private CompletableFuture<Boolean> commit(Map<TopicPartition, OffsetAndMetadata> offsets) {
        int me = member;
        int mine = generation;
        return connection.ask(() -> {
            group.commit(me, mine, offsets);
            return true;
        });
    }

    private void noticed(Throwable failure) {
        isLost |= failure instanceof CommitFailedException;
        mustSync |= failure instanceof org.apache.kafka.common.errors.RebalanceInProgressException;
    }

    @Override
    public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions, Duration timeout) {
        return connection.call(timeout, () -> {
            Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
            partitions.forEach(each -> logs.committed(each).ifPresent(offset -> committed.put(each, offset)));
            return committed;
        });
    }

    @Override
    public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions, Duration timeout) {
        return connection.call(timeout, () -> {
            Map<TopicPartition, Long> ends = new HashMap<>();
            partitions.forEach(each -> ends.put(each, logs.end(each)));
            return ends;
        });
    }

    @Override
    public long position(TopicPartition partition, Duration timeout) {
        Optional<Long> known = positions.get(partition);
        if (known == null) {
            throw new IllegalStateException("only an assigned partition has a position: " + partition);
        }
        if (known.isPresent()) {
            return known.get();
        }
        if (timeout.isZero()) {
            throw new TimeoutException("not known yet");
        }
        long from = connection.call(timeout, () -> logs.committedOffset(partition));
        positions.put(partition, Optional.of(from));
        return from;
    }

    @Override
    public void pause(Collection<TopicPartition> partitions) {
        paused.addAll(partitions);
    }

    @Override
    public void resume(Collection<TopicPartition> partitions) {
        paused.removeAll(Set.copyOf(partitions));
    }

    @Override
    public Set<TopicPartition> assignment() {
        return Set.copyOf(positions.keySet());
    }

    @Override
    public OptionalLong currentLag(TopicPartition partition) {
        return OptionalLong.empty();
    }

    @Override
    public List<PartitionInfo> partitionsFor(String topic) {
        List<PartitionInfo> all = new ArrayList<>();
        logs.all(topic).forEach(each -> all.add(new PartitionInfo(topic, each.partition(), null, null, null)));
        return all;
    }

    /** Leaves the group in order. */
    @Override
    public void close(CloseOptions options) {
        if (isLost) {
            lose();
        } else if (member != NOBODY) {
            listener.onPartitionsRevoked(List.copyOf(positions.keySet()));
            int me = member;
            connection.ask(() -> {
                group.leave(me);
                return true;
            });
        }
        member = NOBODY;
        positions.clear();
    }
}
