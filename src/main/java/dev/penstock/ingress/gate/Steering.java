package dev.penstock.ingress.gate;

import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.PartitionReader;
import dev.penstock.protocol.Lane;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Chooses the partitions of requests: those whose workers have the version and take work. While all do, it leaves the choice to the
 * producer. Thread-safe.
 */
public final class Steering {
    /** As many bytes go to one partition before the next gets its turn, so that records still travel in batches. */
    private static final int BYTES_IN_A_ROW = 32 * 1024;

    private final Catalogue catalogue;
    private final Map<String, DrainWatch> watches = new ConcurrentHashMap<>();
    private final Map<LaneOfModel, AtomicReference<Turn>> turns = new ConcurrentHashMap<>();

    private record LaneOfModel(String model, Lane lane) {}

    private record Turn(int partition, int bytesLeft) {}

    public Steering(Catalogue catalogue) {
        this.catalogue = catalogue;
    }

    DrainWatch observed(String model, Map<Lane, LagWatch.LaneLag> lanes, long now) {
        DrainWatch watch = watch(model);
        Map<Lane, Map<Integer, PartitionReader>> readers = new EnumMap<>(Lane.class);
        Map<Lane, List<PartitionLag>> lags = new EnumMap<>(Lane.class);
        lanes.forEach((lane, lag) -> {
            readers.put(lane, readers(model, lane, lag.partitions()));
            lags.put(lane, lag.partitions());
        });
        watch.observed(now, lags, readers);
        return watch;
    }

    private Map<Integer, PartitionReader> readers(String model, Lane lane, List<PartitionLag> partitions) {
        Map<Integer, PartitionReader> readers = new HashMap<>(catalogue.readers(model, lane));
        if (catalogue.areReadersKnown(model)) {
            partitions.forEach(each -> readers.putIfAbsent(each.partition(), PartitionReader.NOBODY));
        }
        return readers;
    }

    /** The partition that a request must go to; empty when any will do. */
    public OptionalInt partition(CheckedCall checked) {
        String model = checked.call().model();
        Set<Integer> avoided = watch(model).avoided(checked.lane());
        Optional<Set<Integer>> having = catalogue.partitionsWith(model, checked.version(), checked.lane());
        if (having.isEmpty() && avoided.isEmpty()) {
            return OptionalInt.empty();
        }
        Set<Integer> possible = having.orElseGet(() -> watch(model).all(checked.lane()));
        Set<Integer> good = without(possible, avoided);
        if (good.isEmpty()) {
            good = having.orElse(Set.of());
        }
        return good.isEmpty() ? OptionalInt.empty() : OptionalInt.of(turn(checked, good));
    }

    /** A partition for a second copy of a request, read by another worker if possible; empty when there is no good one. */
    public OptionalInt otherPartition(CheckedCall checked, int first) {
        String model = checked.call().model();
        DrainWatch watch = watch(model);
        Set<Integer> possible = catalogue
                .partitionsWith(model, checked.version(), checked.lane())
                .orElseGet(() -> watch.all(checked.lane()));
        Set<Integer> good = without(possible, watch.avoided(checked.lane()));
        good.remove(first);
        Set<Integer> best = new TreeSet<>(good);
        best.retainAll(watch.ofOtherWorkers(checked.lane(), first));
        Set<Integer> choice = best.isEmpty() ? good : best;
        return choice.isEmpty() ? OptionalInt.empty() : OptionalInt.of(any(choice));
    }

    /** Whether a request there waits for a worker that does not answer. */
    public boolean isStuck(CheckedCall checked, int partition) {
        return watch(checked.call().model()).isStuck(checked.lane(), partition);
    }

    /** Whether the worker that reads it has work, and has not advanced between the last two looks. */
    public boolean isPausing(CheckedCall checked, int partition) {
        return watch(checked.call().model()).isPausing(checked.lane(), partition);
    }

    /** A synchronous call is in the log, in that place. */
    public void published(CheckedCall checked, int partition, long offset) {
        watch(checked.call().model()).published(checked.lane(), partition, offset);
    }

    /** A synchronous call that is in that place alone was answered. */
    public void answered(CheckedCall checked, int partition, long offset, long now) {
        watch(checked.call().model()).answered(checked.lane(), partition, offset, now);
    }

    private int turn(CheckedCall checked, Set<Integer> good) {
        int bytes = checked.call().payload().bytes().remaining();
        return turns.computeIfAbsent(
                        new LaneOfModel(checked.call().model(), checked.lane()),
                        lane -> new AtomicReference<>(new Turn(-1, 0)))
                .updateAndGet(turn -> turn.bytesLeft > 0 && good.contains(turn.partition)
                        ? new Turn(turn.partition, turn.bytesLeft - bytes)
                        : new Turn(any(good), BYTES_IN_A_ROW - bytes))
                .partition;
    }

    private DrainWatch watch(String model) {
        return watches.computeIfAbsent(model, name -> new DrainWatch());
    }

    private static Set<Integer> without(Set<Integer> all, Set<Integer> some) {
        Set<Integer> rest = new TreeSet<>(all);
        rest.removeAll(some);
        return rest;
    }

    private static int any(Set<Integer> partitions) {
        return partitions.stream()
                .skip(ThreadLocalRandom.current().nextInt(partitions.size()))
                .findFirst()
                .orElseThrow();
    }
}
