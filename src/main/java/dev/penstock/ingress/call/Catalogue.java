package dev.penstock.ingress.call;

import dev.penstock.messages.Announcement;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * The models that workers have announced. Thread-safe: event loops read it, and the thread that follows the topic writes it.
 */
public final class Catalogue {
    /** A worker that dies hard is replaced, and has loaded its models, within this time. */
    private static final long RETIRED_NANOS = Duration.ofMinutes(10).toNanos();

    private final Map<String, Map<String, Heard>> byModel = new ConcurrentHashMap<>();
    private final long workerTimeoutNanos;
    private final LongSupplier nanoClock;

    public Catalogue(long workerTimeoutNanos, LongSupplier nanoClock) {
        this.workerTimeoutNanos = workerTimeoutNanos;
        this.nanoClock = nanoClock;
    }

    /** A worker announces a model version now. */
    public void heard(Announcement announcement) {
        put(announcement, announcement.ready(), nanoClock.getAsLong());
    }

    /**
     * The topic held this announcement before the ingress started to follow it: the model is known, but its worker may be gone.
     *
     * @param age of the announcement
     */
    void heardBefore(Announcement announcement, Duration age) {
        put(announcement, false, nanoClock.getAsLong() - age.toNanos());
    }

    private void put(Announcement announcement, boolean isReady, long heardNanos) {
        byModel.computeIfAbsent(announcement.model(), none -> new ConcurrentHashMap<>())
                .put(announcement.key(), new Heard(announcement, isReady, heardNanos));
    }

    /** The topic's owner deleted an announcement. */
    void forgotten(String key) {
        byModel.values().forEach(announced -> announced.remove(key));
        byModel.values().removeIf(Map::isEmpty);
    }

    /** The names of all models, sorted. */
    public List<String> models() {
        return byModel.keySet().stream().sorted().toList();
    }

    /** Returns that version of the model. Without a version: the highest that is ready, otherwise the highest. */
    public Optional<Announcement> find(String model, Optional<String> version) {
        return announced(model).stream()
                .filter(heard -> version.isEmpty() || version.get().equals(heard.announcement.version()))
                .max(Comparator.comparingInt((Heard heard) -> version.isEmpty() && isReady(heard) ? 1 : 0)
                        .thenComparingLong(heard -> number(heard.announcement.version()))
                        .thenComparingLong(heard -> heard.nanos))
                .map(Heard::announcement);
    }

    /** Whether at least one worker that serves it is alive and warmed up. */
    public boolean isReady(String model, Optional<String> version) {
        return announced(model).stream()
                .anyMatch(heard ->
                        (version.isEmpty() || version.get().equals(heard.announcement.version())) && isReady(heard));
    }

    /** How often a model's workers commit: the longest interval that one of them announces, since the backlog is their sum. */
    public long commitIntervalMillis(String model) {
        return announced(model).stream()
                .filter(this::isReady)
                .mapToLong(heard -> heard.announcement.commitIntervalMs())
                .max()
                .orElse(Announcement.DEFAULT_COMMIT_INTERVAL_MS);
    }

    /** Whether there is a model, and each model that is not retired has a worker that is ready. */
    public boolean isEveryModelReady() {
        List<String> counted =
                models().stream().filter(model -> !isRetired(model)).toList();
        return !counted.isEmpty() && counted.stream().allMatch(model -> isReady(model, Optional.empty()));
    }

    /**
     * Whether no worker serves the model any more: each has withdrawn it, or has been silent for very long. The topic remembers such a
     * model for a week. A worker that warms up announces "not ready" too, but repeats it.
     */
    private boolean isRetired(String model) {
        long now = nanoClock.getAsLong();
        return announced(model).stream().allMatch(heard -> {
            long silence = now - heard.nanos;
            return silence >= (heard.announcement.ready() ? RETIRED_NANOS : workerTimeoutNanos);
        });
    }

    /** Returns the versions of a model, ascending, and whether each is ready. */
    public Map<String, Boolean> versions(String model) {
        Map<String, Boolean> versions = new TreeMap<>(Comparator.comparingLong(Catalogue::number));
        for (Heard heard : announced(model)) {
            versions.merge(heard.announcement.version(), isReady(heard), Boolean::logicalOr);
        }
        return versions;
    }

    private Collection<Heard> announced(String model) {
        return byModel.getOrDefault(model, Map.of()).values();
    }

    private boolean isReady(Heard heard) {
        return heard.ready && nanoClock.getAsLong() - heard.nanos < workerTimeoutNanos;
    }

    private static long number(String version) {
        try {
            return Long.parseLong(version);
        } catch (NumberFormatException notOurs) {
            return 0;
        }
    }

    private record Heard(Announcement announcement, boolean ready, long nanos) {}
}
