package dev.penstock.ingress.gate;

import dev.penstock.ingress.call.PartitionReader;
import dev.penstock.protocol.Lane;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Judges which partitions of one model drain. Has no clock; times are monotonic nanoseconds. Thread-safe.
 *
 * <p>Workers are judged, not partitions: one slow request holds back the commits of its partition, while its worker goes on. A worker
 * advances when a partition that it reads commits further, or when a synchronous call of this ingress is answered from one. (While a group
 * rebalances, members go on answering and cannot commit.) A worker is stuck when it has work and has not advanced for longer than
 *
 * <pre>max(0.75 s, 3 * the longest pause of a worker that then went on)</pre>
 *
 * <p>while another worker of the model has advanced. So a model whose runs take 10 s is not stuck for 30 s. A worker that has stopped
 * announcing itself is stuck after 0.75 s. Where nobody tells who reads a partition, it counts as a worker of its own. Each shorter pause
 * takes 2 % off the longest, so that one hiccup of a fast model is soon forgotten. Where no worker advances, none is stuck: that is an
 * outage, and not to be steered around.
 */
final class DrainWatch {
    static final long LEAST_STALL_NANOS = 750_000_000L;
    private static final int PATIENCE = 3;
    private static final double MEMORY = 0.98;

    /** Commits that have paused for this long say less than the answers to this ingress's own calls. */
    private static final long COMMITS_PAUSE_NANOS = 500_000_000L;

    /** Calls that are a smaller part of the records than one in so many are no sample of them. */
    private static final int SAMPLE = 10;

    /** Calls that are remembered of a partition; later ones are not, until some are committed. Bounds the memory where commits are not seen. */
    static final int MOST_CALLS = 10_000;

    private final Map<Place, Partition> partitions = new HashMap<>();
    private Map<String, Worker> workers = Map.of();
    private double pauseNanos;
    private long lookedNanos;
    private boolean readersChanged;
    private volatile Map<Lane, Set<Integer>> pausing = Map.of();
    private volatile Map<Lane, Set<Integer>> stuck = Map.of();
    private volatile Map<Lane, Set<Integer>> avoided = Map.of();
    private volatile Map<Lane, Set<Integer>> known = Map.of();

    private record Place(Lane lane, int number) {}

    private static final class Partition {
        private PartitionLag lag;
        private String worker = "";
        private boolean takesWork = true;
        private boolean hasAdvanced;
        private long advancedNanos;
        private long committedNanos;
        private long waitingSinceNanos;
        /** This ingress's own calls that are not committed, by offset, and whether each is answered. */
        private final NavigableMap<Long, Boolean> calls = new TreeMap<>();

        private long answeredCalls;

        private Partition(PartitionLag lag, long now) {
            this.lag = lag;
            this.committedNanos = now;
            this.waitingSinceNanos = now;
        }

        private void look(PartitionLag seen, long now) {
            if (seen.committed() != lag.committed() || seen.records() == 0) {
                if (seen.committed() > lag.committed()) {
                    advance(now);
                }
                committedNanos = now;
                forgetCalls(seen);
            }
            if (lag.records() == 0) {
                waitingSinceNanos = now;
            }
            lag = seen;
        }

        private void advance(long now) {
            hasAdvanced = true;
            advancedNanos = now;
            waitingSinceNanos = now;
        }

        private void forgetCalls(PartitionLag seen) {
            if (seen.committed() < lag.committed()) {
                calls.clear(); // of an older topic of this name
            }
            calls.headMap(seen.committed()).clear();
            answeredCalls =
                    calls.values().stream().filter(isAnswered -> isAnswered).count();
        }

        /** Another worker reads it from now on. */
        private void readBy(String other, long now) {
            worker = other;
            hasAdvanced = false;
            waitingSinceNanos = now;
        }

        /** Records that are answered and not committed. This ingress's own calls are the sample, if they are enough of the records. */
        private long answeredRecords(long now) {
            if (now - committedNanos < COMMITS_PAUSE_NANOS || calls.isEmpty()) {
                return 0;
            }
            long records = lag.records();
            boolean isSample = (long) calls.size() * SAMPLE >= records;
            return Math.min(records, isSample ? records * answeredCalls / calls.size() : answeredCalls);
        }
    }

    /** The partitions of one worker, in all lanes. */
    private static final class Worker {
        private final boolean isKnown;
        private boolean takesWork = true;
        private boolean hasAdvanced;
        private long advancedNanos;
        private boolean waits;
        private long waitingSinceNanos;
        private boolean isStuck;

        private Worker(boolean isKnown) {
            this.isKnown = isKnown;
        }

        private void add(Partition partition) {
            takesWork &= partition.takesWork;
            if (partition.hasAdvanced && (!hasAdvanced || partition.advancedNanos - advancedNanos > 0)) {
                hasAdvanced = true;
                advancedNanos = partition.advancedNanos;
            }
            if (partition.lag.records() > 0 && (!waits || partition.waitingSinceNanos - waitingSinceNanos < 0)) {
                waits = true;
                waitingSinceNanos = partition.waitingSinceNanos;
            }
        }

        /** Since when it has had work and has not advanced; empty if it has no work. */
        private Optional<Long> stalledSince() {
            if (!waits) {
                return Optional.empty();
            }
            boolean advancedLater = hasAdvanced && advancedNanos - waitingSinceNanos > 0;
            return Optional.of(advancedLater ? advancedNanos : waitingSinceNanos);
        }

        private boolean hasAdvancedSince(long nanos) {
            return hasAdvanced && advancedNanos - nanos > 0;
        }
    }

    /**
     * Records how far each partition is behind.
     *
     * @param readers who reads which partition, as far as it is known
     */
    synchronized void observed(
            long now, Map<Lane, List<PartitionLag>> lags, Map<Lane, Map<Integer, PartitionReader>> readers) {
        Map<String, Worker> before = workers;
        readersChanged = false;
        partitions
                .keySet()
                .removeIf(place -> lags.getOrDefault(place.lane(), List.of()).stream()
                        .noneMatch(lag -> lag.partition() == place.number()));
        lags.forEach((lane, lagsOfLane) -> {
            for (PartitionLag lag : lagsOfLane) {
                Partition partition =
                        partitions.computeIfAbsent(new Place(lane, lag.partition()), place -> new Partition(lag, now));
                partition.look(lag, now);
                PartitionReader reader = readers.getOrDefault(lane, Map.of()).get(lag.partition());
                String worker = reader == null ? "" : reader.worker();
                boolean takesWork = reader == null || reader.takesWork();
                readersChanged |= !worker.equals(partition.worker) || takesWork != partition.takesWork;
                if (!worker.equals(partition.worker)) {
                    partition.readBy(worker, now);
                }
                partition.takesWork = takesWork;
            }
        });
        workers = group();
        rememberPauses(before);
        judge(now);
        lookedNanos = now;
    }

    /** Whether a partition was on its way to another worker at the last look, or the worker that reads it began or ceased to take work. */
    synchronized boolean haveReadersChanged() {
        return readersChanged;
    }

    private Map<String, Worker> group() {
        Map<String, Worker> grouped = new HashMap<>();
        partitions.forEach((place, partition) -> grouped.computeIfAbsent(
                        worker(place, partition), name -> new Worker(!partition.worker.isEmpty()))
                .add(partition));
        return grouped;
    }

    /** No worker's own name has a space. */
    private static String worker(Place place, Partition partition) {
        return partition.worker.isEmpty() ? place.lane() + " " + place.number() : partition.worker;
    }

    /** A worker that was stuck and went on was slow. Where it is not known who reads a partition, another worker may have gone on. */
    private void rememberPauses(Map<String, Worker> before) {
        workers.forEach((name, worker) -> {
            Worker then = before.get(name);
            if (then != null && then.takesWork && (worker.isKnown || !then.isStuck)) {
                then.stalledSince()
                        .filter(worker::hasAdvancedSince)
                        .ifPresent(since ->
                                pauseNanos = Math.max(MEMORY * pauseNanos, (double) (worker.advancedNanos - since)));
            }
        });
    }

    private void judge(long now) {
        double patienceNanos = Math.max(LEAST_STALL_NANOS, PATIENCE * pauseNanos);
        for (Worker worker : workers.values()) {
            worker.isStuck = worker.stalledSince()
                    .filter(since -> {
                        long stallNanos = now - since;
                        return worker.takesWork
                                ? stallNanos >= patienceNanos && hasOtherAdvancedSince(worker, since)
                                : stallNanos >= LEAST_STALL_NANOS;
                    })
                    .isPresent();
        }
        pausing = partitions(worker ->
                worker.stalledSince().filter(since -> since - lookedNanos <= 0).isPresent());
        stuck = partitions(worker -> worker.isStuck);
        avoided = partitions(worker -> worker.isStuck || !worker.takesWork);
        known = partitions(worker -> true);
    }

    private boolean hasOtherAdvancedSince(Worker worker, long since) {
        return workers.values().stream().anyMatch(other -> other != worker && other.hasAdvancedSince(since));
    }

    private Map<Lane, Set<Integer>> partitions(Predicate<Worker> of) {
        Map<Lane, Set<Integer>> chosen = new EnumMap<>(Lane.class);
        partitions.forEach((place, partition) -> {
            if (of.test(workers.getOrDefault(worker(place, partition), new Worker(false)))) {
                chosen.computeIfAbsent(place.lane(), lane -> new TreeSet<>()).add(place.number());
            }
        });
        return chosen;
    }

    /** A synchronous call of this ingress is in the log. */
    synchronized void published(Lane lane, int partition, long offset) {
        Partition at = partitions.get(new Place(lane, partition));
        if (at != null && at.calls.size() < MOST_CALLS) {
            at.calls.put(offset, false);
        }
    }

    /** Calls that are remembered of all partitions. */
    synchronized int rememberedCalls() {
        return partitions.values().stream()
                .mapToInt(partition -> partition.calls.size())
                .sum();
    }

    /** A synchronous call of this ingress was answered from there. */
    synchronized void answered(Lane lane, int partition, long offset, long now) {
        Partition at = partitions.get(new Place(lane, partition));
        if (at != null) {
            if (at.calls.replace(offset, false, true)) {
                at.answeredCalls++;
            }
            at.advance(now);
        }
    }

    /** All partitions of a lane; none before they were first looked at. */
    Set<Integer> all(Lane lane) {
        return known.getOrDefault(lane, Set.of());
    }

    /** Whether its worker has work, and has not advanced between the last two looks. */
    boolean isPausing(Lane lane, int partition) {
        return pausing.getOrDefault(lane, Set.of()).contains(partition);
    }

    boolean isStuck(Lane lane, int partition) {
        return stuck.getOrDefault(lane, Set.of()).contains(partition);
    }

    /** The partitions that get no new work: their workers are stuck, silent, or about to leave. */
    Set<Integer> avoided(Lane lane) {
        return avoided.getOrDefault(lane, Set.of());
    }

    /** The partitions that the worker of this one does not read, as far as it is known. */
    synchronized Set<Integer> ofOtherWorkers(Lane lane, int partition) {
        Partition from = partitions.get(new Place(lane, partition));
        Set<Integer> others = new HashSet<>(all(lane));
        others.remove(partition);
        if (from != null && !from.worker.isEmpty()) {
            others.removeIf(number -> {
                Partition other = partitions.get(new Place(lane, number));
                return other != null && other.worker.equals(from.worker);
            });
        }
        return others;
    }

    /**
     * The lag of a lane as the gate counts it. Records in a stuck partition are not work queued for new requests, which go elsewhere. They
     * count again once the partition drains. If all partitions are stuck, all records count.
     */
    synchronized LaneAdmission.Lag lag(Lane lane, LaneWork work, int ingresses) {
        Set<Integer> excluded = stuck.getOrDefault(lane, Set.of());
        boolean areAllStuck = excluded.containsAll(all(lane));
        long end = 0;
        long committed = 0;
        for (Map.Entry<Place, Partition> each : partitions.entrySet()) {
            if (each.getKey().lane() == lane) {
                boolean isExcluded =
                        !areAllStuck && excluded.contains(each.getKey().number());
                Partition partition = each.getValue();
                end += partition.lag.end();
                committed += isExcluded
                        ? partition.lag.end()
                        : partition.lag.committed() + partition.answeredRecords(lookedNanos);
            }
        }
        return new LaneAdmission.Lag(end, committed, work, ingresses);
    }
}
