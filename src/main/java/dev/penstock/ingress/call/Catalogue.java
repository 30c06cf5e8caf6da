package dev.penstock.ingress.call;

import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.protocol.Lane;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * The models that workers have announced. Thread-safe: event loops read it, and the thread that follows the topic writes it.
 */
public final class Catalogue {
    /** A worker that dies hard is replaced, and has loaded its models, within this time. */
    private static final long RETIRED_NANOS = Duration.ofMinutes(10).toNanos();

    /**
     * A worker counts as the reader of its partitions for this long after its last announcement, unless another claims them: a worker that
     * dies hard keeps them until its session ends.
     */
    static final long CLAIM_NANOS = Duration.ofMinutes(1).toNanos();

    /** Folders that are not named like a version have no number; their names differ all the same. */
    static final Comparator<String> BY_NUMBER =
            Comparator.comparingLong(Catalogue::number).thenComparing(Comparator.naturalOrder());

    private final Map<String, Map<String, Heard>> byModel = new ConcurrentHashMap<>();

    /** Of all that {@link #byModel} says of a model. What changes there removes it afterwards. */
    private final Map<String, ModelWorkers> summaries = new ConcurrentHashMap<>();

    private final Map<String, Sleep> sleeps = new ConcurrentHashMap<>();
    private final long workerTimeoutNanos;
    private final LongSupplier nanoClock;
    private final ModelStatuses statuses;

    public Catalogue(long workerTimeoutNanos, LongSupplier nanoClock) {
        this.statuses = new ModelStatuses(nanoClock);
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
        summaries.remove(announcement.model());
        if (isReady) {
            sleeps.remove(announcement.model());
        }
    }

    /** What workers say of models beside announcing them. */
    public ModelStatuses statuses() {
        return statuses;
    }

    /** The topic's owner, or a worker, deleted an announcement. */
    public void forgotten(String key) {
        byModel.values().forEach(announced -> announced.remove(key));
        byModel.values().removeIf(Map::isEmpty);
        summaries.clear();
    }

    /** The names of all models that callers may know, sorted. */
    public List<String> models() {
        return byModel.keySet().stream()
                .filter(model -> !WarmUpModels.contains(model))
                .sorted()
                .toList();
    }

    /**
     * Returns that version of the model. Without a version: the highest that all live workers of the model share, so that the answer does
     * not depend on the worker. They share none in some upgrades; then it is the highest that is ready, and otherwise the highest of those
     * that were announced last.
     */
    public Optional<Announcement> find(String model, Optional<String> version) {
        return workers(model).find(version);
    }

    /**
     * The partitions to which a request for that version must go. Empty when any will do, because every live worker serves the version; or
     * when the workers do not tell which partitions they read.
     */
    public Optional<Set<Integer>> partitionsWith(String model, String version, Lane lane) {
        return workers(model).partitionsWith(version, lane);
    }

    /** Whether every live worker of the model tells which partitions it reads. Then nobody reads the others at the moment. */
    public boolean areReadersKnown(String model) {
        return workers(model).tellAll();
    }

    /** The workers that read the partitions of a lane, as far as they tell. */
    public Map<Integer, PartitionReader> readers(String model, Lane lane) {
        return workers(model).readers(lane);
    }

    /** The models that some worker serves or is expected to serve again, see {@link #isInService}. */
    public List<String> modelsInService() {
        return models().stream().filter(this::isInService).toList();
    }

    /**
     * Whether a worker has announced the model, and not all of them have withdrawn it or been silent for very long. A model that has scaled
     * to zero is in service.
     */
    public boolean isInService(String model) {
        return byModel.containsKey(model) && (!isRetired(model) || sleep(model).isPresent());
    }

    /**
     * The sleep of a model that has scaled to zero: its last worker left or died, and the model may do without. Empty for all others, and
     * for a model that a worker says it cannot serve.
     */
    public Optional<Sleep> sleep(String model) {
        ModelWorkers workers = workers(model);
        return workers.scaledToZero()
                .filter(setting -> workers.find(Optional.empty())
                        .flatMap(last -> refusal(model, last.version()))
                        .isEmpty())
                .map(setting -> sleeps.compute(
                        model,
                        (name, known) -> known != null && known.setting().equals(setting)
                                ? known
                                : new Sleep(setting, nanoClock)));
    }

    /** The same, if a worker still has time to start. */
    public Optional<Sleep> sleepInTime(String model) {
        return sleep(model).filter(sleep -> !sleep.isOverdue());
    }

    /** Why a version has no worker, if its model has scaled to zero and the version was announced last. */
    Optional<String> sleepOf(String model, String version) {
        return sleepInTime(model)
                .filter(sleep -> workers(model).isLast(version))
                .map(Sleep::explain);
    }

    /** How many live workers serve the model. */
    public long readyWorkers(String model) {
        return announced(model).stream()
                .filter(this::isReady)
                .map(heard -> heard.announcement.worker())
                .distinct()
                .count();
    }

    /** Whether at least one worker that serves it is alive and warmed up. */
    public boolean isReady(String model, Optional<String> version) {
        return announced(model).stream()
                .anyMatch(heard ->
                        (version.isEmpty() || version.get().equals(heard.announcement.version())) && isReady(heard));
    }

    /** Why no worker serves a version that was announced, as workers say; empty if one serves it, or none says why. */
    public Optional<String> refusal(String model, String version) {
        return workers(model).isReady(version)
                ? Optional.empty()
                : statuses.reason(model, Optional.of(version), ModelStatus.State.UNAVAILABLE);
    }

    /** What is known of the workers of a model that is not ready, for people. */
    public String absence(String model) {
        long now = nanoClock.getAsLong();
        String workers = announced(model).stream()
                .filter(heard -> now - heard.nanos < RETIRED_NANOS)
                .map(heard -> String.format(
                        Locale.ROOT,
                        "%s with version %s %s %.1f s ago",
                        heard.announcement.worker(),
                        heard.announcement.version(),
                        heard.ready ? "was last heard" : "withdrew or began to load",
                        (now - heard.nanos) / 1e9))
                .sorted()
                .collect(Collectors.joining("; "));
        String absent = workers.isEmpty() ? "none has announced it in the last 10 minutes" : workers;
        return absent + sleep(model).map(sleep -> "; " + sleep.explain()).orElse("");
    }

    /** How often a model's workers commit: the longest interval that one of them announces, since the backlog is their sum. */
    public long commitIntervalMillis(String model) {
        return announced(model).stream()
                .filter(this::isReady)
                .mapToLong(heard -> heard.announcement.commitIntervalMs())
                .max()
                .orElse(Announcement.DEFAULT_COMMIT_INTERVAL_MS);
    }

    /** Whether there is a model, and each model that is not retired has a worker that is ready, or has scaled to zero. */
    public boolean isEveryModelReady() {
        List<String> counted = modelsInService();
        return !counted.isEmpty()
                && counted.stream()
                        .allMatch(model -> isReady(model, Optional.empty())
                                || sleepInTime(model).isPresent());
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
        Map<String, Boolean> versions = new TreeMap<>(BY_NUMBER);
        for (Heard heard : announced(model)) {
            versions.merge(heard.announcement.version(), isReady(heard), Boolean::logicalOr);
        }
        return versions;
    }

    private ModelWorkers workers(String model) {
        long now = nanoClock.getAsLong();
        ModelWorkers known = summaries.get(model);
        if (known != null && known.holdsAt(now)) {
            return known;
        }
        if (!byModel.containsKey(model)) {
            return summary(model, now); // and is not kept, since callers may ask for any name
        }
        // In the map's lock, so that what is announced meanwhile removes it afterwards.
        return summaries.compute(model, (name, outdated) -> summary(name, now));
    }

    private ModelWorkers summary(String model, long now) {
        return new ModelWorkers(announced(model), now, workerTimeoutNanos);
    }

    private Collection<Heard> announced(String model) {
        return byModel.getOrDefault(model, Map.of()).values();
    }

    private boolean isReady(Heard heard) {
        return heard.ready && nanoClock.getAsLong() - heard.nanos < workerTimeoutNanos;
    }

    static long number(String version) {
        try {
            return Long.parseLong(version);
        } catch (NumberFormatException notOurs) {
            return 0;
        }
    }

    record Heard(Announcement announcement, boolean ready, long nanos) {}
}
