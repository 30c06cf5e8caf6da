package dev.penstock.simulation.faults;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;

/**
 * The group's coordinator, as far as workers see it: sessions that end, generations that refuse the commits of earlier ones, and partitions
 * that move in a cooperative way. An owner gives a partition up before the next one gets it, unless its session has ended.
 */
final class SimulatedGroup {
    static final Comparator<TopicPartition> ORDER =
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition);
    static final long SESSION_NANOS = 6_000_000_000L;

    private final VirtualTime time;
    private final Random random;
    private final SimulatedLogs logs;
    private final Watcher watcher;
    private final List<TopicPartition> partitions;
    private final Map<Integer, Member> members = new TreeMap<>();
    private final Map<TopicPartition, Integer> held = new HashMap<>();
    private final Map<TopicPartition, Integer> target = new HashMap<>();
    private int generation;
    private int lastMember;

    /** Hears what happens in the group. */
    interface Watcher {
        /** @param isOwner whether the partition is the committer's */
        void committed(
                String process, TopicPartition partition, boolean isOwner, long before, OffsetAndMetadata commit);

        /** Before the next owner reads anything. */
        void claimed(String process, TopicPartition partition);

        void expired(String process);
    }

    private static final class Member {
        private final String process;
        private long heardNanos;

        Member(String process, long heardNanos) {
            this.process = process;
            this.heardNanos = heardNanos;
        }
    }

    /** @param owned what the member has not given up */
    record Assignment(int generation, Set<TopicPartition> target, Set<TopicPartition> owned) {}

    /** @param isKnown false when the session has ended */
    record Heartbeat(boolean isKnown, int generation, boolean isMoreThere) {}

    SimulatedGroup(
            VirtualTime time, Random random, SimulatedLogs logs, List<TopicPartition> partitions, Watcher watcher) {
        this.time = time;
        this.random = random;
        this.logs = logs;
        this.partitions = partitions.stream().sorted(ORDER).toList();
        this.watcher = watcher;
    }

    int join(String process) {
        int id = ++lastMember;
        members.put(id, new Member(process, time.nanos()));
        rebalance();
        return id;
    }

    void leave(int id) {
        if (members.remove(id) != null) {
            held.values().removeIf(owner -> owner == id);
            rebalance();
        }
    }

    /** Ends the sessions of members that were not heard of for too long. */
    void expire() {
        List<Member> silent = members.values().stream()
                .filter(member -> time.nanos() - member.heardNanos >= SESSION_NANOS)
                .toList();
        if (!silent.isEmpty()) {
            silent.forEach(member -> watcher.expired(member.process));
            members.values().removeAll(silent);
            held.values().removeIf(owner -> !members.containsKey(owner));
            rebalance();
        }
    }

    boolean isEmpty() {
        return members.isEmpty();
    }

    Heartbeat heartbeat(int id) {
        Member member = members.get(id);
        if (member == null) {
            return new Heartbeat(false, generation, false);
        }
        member.heardNanos = time.nanos();
        boolean isMoreThere =
                partitions.stream().anyMatch(partition -> isTarget(partition, id) && !held.containsKey(partition));
        return new Heartbeat(true, generation, isMoreThere);
    }

    /**
     * Takes part in the present generation.
     *
     * @param givenUp what the member gives up
     * @throws CommitFailedException when its session has ended
     */
    Assignment sync(int id, Collection<TopicPartition> givenUp) {
        Member member = known(id);
        for (TopicPartition partition : givenUp) {
            held.remove(partition, id);
        }
        for (TopicPartition partition : partitions) {
            if (isTarget(partition, id) && !held.containsKey(partition)) {
                held.put(partition, id);
                watcher.claimed(member.process, partition);
            }
        }
        return new Assignment(generation, of(id, target), of(id, held));
    }

    /**
     * Commits, unless the member belongs to another time.
     *
     * @throws CommitFailedException when its session has ended
     * @throws RebalanceInProgressException when it does not take part in the present generation
     */
    void commit(int id, int memberGeneration, Map<TopicPartition, OffsetAndMetadata> offsets) {
        Member member = known(id);
        if (memberGeneration != generation) {
            throw new RebalanceInProgressException("generation " + memberGeneration + " is over");
        }
        offsets.entrySet().stream().sorted(Map.Entry.comparingByKey(ORDER)).forEach(each -> {
            long before = logs.committedOffset(each.getKey());
            logs.commit(each.getKey(), each.getValue());
            watcher.committed(
                    member.process,
                    each.getKey(),
                    Integer.valueOf(id).equals(held.get(each.getKey())),
                    before,
                    each.getValue());
        });
    }

    private Member known(int id) {
        Member member = members.get(id);
        if (member == null) {
            throw new CommitFailedException("member " + id + " is not known");
        }
        member.heardNanos = time.nanos();
        return member;
    }

    /** Gives partitions to other members, for no reason. */
    void shuffle() {
        if (!members.isEmpty()) {
            List<Integer> ids = List.copyOf(members.keySet());
            partitions.forEach(partition -> target.put(partition, ids.get(random.nextInt(ids.size()))));
            generation++;
        }
    }

    /** Members keep what they have, as long as nobody has two partitions more than another. */
    private void rebalance() {
        generation++;
        target.values().removeIf(owner -> !members.containsKey(owner));
        if (members.isEmpty()) {
            return;
        }
        Map<Integer, List<TopicPartition>> byMember = new LinkedHashMap<>();
        members.keySet().forEach(id -> byMember.put(id, new ArrayList<>(of(id, target))));
        for (TopicPartition partition : partitions) {
            if (!target.containsKey(partition)) {
                Collections.min(byMember.values(), Comparator.comparingInt(List::size))
                        .add(partition);
            }
        }
        while (true) {
            List<TopicPartition> most = Collections.max(byMember.values(), Comparator.comparingInt(List::size));
            List<TopicPartition> least = Collections.min(byMember.values(), Comparator.comparingInt(List::size));
            if (most.size() - least.size() < 2) {
                break;
            }
            least.add(most.removeLast());
        }
        byMember.forEach((id, theirs) -> theirs.forEach(partition -> target.put(partition, id)));
    }

    private boolean isTarget(TopicPartition partition, int id) {
        return Integer.valueOf(id).equals(target.get(partition));
    }

    private static Set<TopicPartition> of(int id, Map<TopicPartition, Integer> owners) {
        return owners.entrySet().stream()
                .filter(each -> each.getValue() == id)
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(() -> new TreeSet<>(ORDER)));
    }
}
