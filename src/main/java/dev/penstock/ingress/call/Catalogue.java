package dev.penstock.ingress.call;

import dev.penstock.messages.Announcement;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** The models that workers have announced. Read from event loops, written by the thread that follows the topic. */
public final class Catalogue {
    private final Map<String, Map<String, Heard>> byModel = new ConcurrentHashMap<>();
    private final long workerTimeoutNanos;
    private final LongSupplier nanoClock;

    public Catalogue(long workerTimeoutNanos, LongSupplier nanoClock) {
        this.workerTimeoutNanos = workerTimeoutNanos;
        this.nanoClock = nanoClock;
    }

    /** @param fresh false for what the topic held before this ingress began to listen: known, but perhaps long gone */
    public void heard(Announcement announcement, boolean fresh) {
        boolean ready = fresh && announcement.ready();
        byModel.computeIfAbsent(announcement.model(), none -> new ConcurrentHashMap<>())
                .put(announcement.key(), new Heard(announcement, ready, nanoClock.getAsLong()));
    }

    /** A worker's announcement was deleted. */
    void forgotten(String key) {
        byModel.values().forEach(announced -> announced.remove(key));
        byModel.values().removeIf(Map::isEmpty);
    }

    /** The names of all models, sorted. */
    public List<String> models() {
        return byModel.keySet().stream().sorted().toList();
    }

    /** That version of the model, or the highest that is ready, or else the highest. */
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

    /** The versions of a model, ascending, and whether each is ready. */
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
