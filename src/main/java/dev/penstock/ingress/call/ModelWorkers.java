package dev.penstock.ingress.call;

import dev.penstock.messages.Announcement;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.ScaleToZero;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;

/**
 * What the workers of one model serve and read, as they announced it until one moment. Immutable. It holds until one of them has been
 * silent for too long.
 *
 * <p>A worker that is ready serves all versions that it announces: they become ready one after the other, within milliseconds. So its
 * versions include those that it announces as not ready.
 */
final class ModelWorkers {
    private final Map<String, Announcement> newest = new HashMap<>();
    private final Map<String, Set<String>> versionsOfLive = new HashMap<>();
    private final Map<Lane, Map<Integer, PartitionReader>> readers = new EnumMap<>(Lane.class);
    private final Set<String> telling = new HashSet<>();
    private final Set<String> ready = new HashSet<>();
    private final Set<String> last = new HashSet<>();
    private final Optional<String> standardVersion;
    private final boolean mayBeServed;
    private final long nanos;
    private final long holdsForNanos;

    /** @param workerTimeoutNanos how long after its last announcement a worker counts as alive */
    ModelWorkers(Collection<Catalogue.Heard> announced, long nowNanos, long workerTimeoutNanos) {
        this.nanos = nowNanos;
        Set<String> live = new HashSet<>();
        Map<String, Long> newestNanos = new HashMap<>();
        for (Catalogue.Heard heard : announced) {
            String version = heard.announcement().version();
            if (heard.ready() && nowNanos - heard.nanos() < workerTimeoutNanos) {
                live.add(heard.announcement().worker());
                ready.add(version);
            }
            Long before = newestNanos.get(version);
            if (before == null || heard.nanos() - before >= 0) {
                newestNanos.put(version, heard.nanos());
                newest.put(version, heard.announcement());
            }
        }
        long lastSilence = announced.stream()
                .mapToLong(heard -> nowNanos - heard.nanos())
                .min()
                .orElse(0);
        this.mayBeServed = announced.stream()
                .anyMatch(heard -> heard.announcement().ready() && nowNanos - heard.nanos() < workerTimeoutNanos);
        for (Catalogue.Heard heard : announced) {
            String worker = heard.announcement().worker();
            long silence = nowNanos - heard.nanos();
            if (live.contains(worker) && silence < workerTimeoutNanos) {
                versionsOfLive
                        .computeIfAbsent(worker, none -> new HashSet<>())
                        .add(heard.announcement().version());
                if (heard.announcement().partitions().isPresent()) {
                    telling.add(worker);
                }
            }
            if (silence - lastSilence < workerTimeoutNanos) {
                last.add(heard.announcement().version());
            }
            if (silence < Catalogue.CLAIM_NANOS) {
                boolean takesWork = live.contains(worker) && silence < workerTimeoutNanos / 2;
                claim(heard.announcement(), new PartitionReader(worker, takesWork, heard.nanos()));
            }
        }
        this.holdsForNanos = announced.stream()
                .mapToLong(heard -> nowNanos - heard.nanos())
                .flatMap(silence -> LongStream.of(workerTimeoutNanos / 2, workerTimeoutNanos, Catalogue.CLAIM_NANOS)
                        .map(limit -> limit - silence))
                .filter(left -> left > 0)
                .min()
                .orElse(Long.MAX_VALUE);
        Set<String> shared = shared();
        shared.retainAll(ready);
        this.standardVersion = highest(shared).or(() -> highest(ready)).or(() -> highest(last));
    }

    /** The last to claim a partition reads it: a worker announces at once which partitions it has lost or gained. */
    private void claim(Announcement announcement, PartitionReader reader) {
        announcement
                .partitions()
                .ifPresent(lanes -> lanes.forEach((lane, partitions) -> {
                    Map<Integer, PartitionReader> ofLane = readers.computeIfAbsent(lane, none -> new HashMap<>());
                    for (Integer partition : partitions) {
                        ofLane.merge(partition, reader, (a, b) -> a.heardNanos() - b.heardNanos() > 0 ? a : b);
                    }
                }));
    }

    private Set<String> shared() {
        Set<String> shared = new TreeSet<>();
        versionsOfLive.values().stream().limit(1).forEach(shared::addAll);
        versionsOfLive.values().forEach(shared::retainAll);
        return shared;
    }

    private static Optional<String> highest(Collection<String> versions) {
        return versions.stream().max(Comparator.comparingLong(Catalogue::number));
    }

    /** Whether time alone has changed nothing since. */
    boolean holdsAt(long nowNanos) {
        return nowNanos - nanos < holdsForNanos;
    }

    /**
     * Without a version: the highest that all workers share that are alive and ready, otherwise the highest that is ready, otherwise the
     * highest of those that were announced last: a version that was rolled back is none of them.
     */
    Optional<Announcement> find(Optional<String> version) {
        return version.or(() -> standardVersion).map(newest::get);
    }

    /** What the last worker said of a model that has scaled to zero. Empty if a worker may be alive, or the model always needs one. */
    Optional<ScaleToZero> scaledToZero() {
        return mayBeServed ? Optional.empty() : find(Optional.empty()).flatMap(Announcement::scaleToZero);
    }

    /** Whether it was announced last, with the others of {@link #find} without a version. */
    boolean isLast(String version) {
        return last.contains(version);
    }

    /** Whether at least one worker that serves it is alive and warmed up. */
    boolean isReady(String version) {
        return ready.contains(version);
    }

    /** The partitions whose readers serve that version; empty when every live worker serves it, or it is not known who reads what. */
    Optional<Set<Integer>> partitionsWith(String version, Lane lane) {
        if (versionsOfLive.values().stream().allMatch(versions -> versions.contains(version))) {
            return Optional.empty();
        }
        Set<Integer> having = new TreeSet<>();
        readers(lane).forEach((partition, reader) -> {
            if (versionsOfLive.getOrDefault(reader.worker(), Set.of()).contains(version)) {
                having.add(partition);
            }
        });
        return having.isEmpty() ? Optional.empty() : Optional.of(having);
    }

    /** The known readers of a lane's partitions. */
    Map<Integer, PartitionReader> readers(Lane lane) {
        return readers.getOrDefault(lane, Map.of());
    }

    /** Whether every live worker tells which partitions it reads. */
    boolean tellAll() {
        return !telling.isEmpty() && telling.size() == versionsOfLive.size();
    }
}
