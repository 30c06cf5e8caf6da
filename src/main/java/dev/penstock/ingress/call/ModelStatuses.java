package dev.penstock.ingress.call;

import dev.penstock.messages.ModelStatus;
import dev.penstock.messages.ModelStatus.State;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What workers say of the models that they load, refuse, or serve with a remark. Thread-safe. */
public final class ModelStatuses {
    /** Workers repeat themselves every minute. One that was silent for longer is gone, and its words with it. */
    private static final long SILENCE_NANOS = Duration.ofMinutes(3).toNanos();

    /** Most reasons that are listed for one version. Its workers mostly have the same one. */
    private static final int MAX_REASONS = 3;

    private final Map<String, Heard> byKey = new ConcurrentHashMap<>();
    private final LongSupplier nanoClock;

    private record Heard(ModelStatus status, long nanos) {}

    ModelStatuses(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /** @param age since the worker said so */
    void heard(ModelStatus status, Duration age) {
        byKey.put(status.key(), new Heard(status, nanoClock.getAsLong() - age.toNanos()));
    }

    void forgotten(String key) {
        byKey.remove(key);
    }

    /** The names of all models that workers speak of, sorted. */
    SortedSet<String> models() {
        return lately().map(ModelStatus::model).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Those of one model. */
    Stream<ModelStatus> of(String model) {
        return lately().filter(status -> status.model().equals(model));
    }

    /** The reasons of workers that say so of this version, or of any version if none is named; empty if none does. */
    public Optional<String> reason(String model, Optional<String> version, State state) {
        return reasons(of(model)
                .filter(status -> status.state() == state)
                .filter(status -> version.isEmpty()
                        || status.version().isEmpty()
                        || status.version().equals(version)));
    }

    /** The distinct reasons in one text. */
    static Optional<String> reasons(Stream<ModelStatus> statuses) {
        String reasons = statuses.map(ModelStatus::reason)
                .distinct()
                .sorted()
                .limit(MAX_REASONS)
                .collect(Collectors.joining("; "));
        return reasons.isEmpty() ? Optional.empty() : Optional.of(reasons);
    }

    private Stream<ModelStatus> lately() {
        long now = nanoClock.getAsLong();
        return byKey.values().stream()
                .filter(heard -> now - heard.nanos < SILENCE_NANOS)
                .map(Heard::status);
    }
}
