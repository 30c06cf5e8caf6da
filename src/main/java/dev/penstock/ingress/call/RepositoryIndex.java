package dev.penstock.ingress.call;

import dev.penstock.messages.ModelStatus;
import dev.penstock.messages.ModelStatus.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The models of all workers with their states and reasons, as Triton's model repository extension lists them. */
public final class RepositoryIndex {

    /**
     * One version of a model.
     *
     * @param version empty if the whole model is refused
     * @param reason empty if there is nothing to say
     */
    public record Entry(String model, Optional<String> version, State state, String reason) {}

    private RepositoryIndex() {}

    /** The entries by name, then by version as numbers. */
    public static List<Entry> of(Catalogue catalogue, Predicate<String> isWanted) {
        SortedSet<String> models = new TreeSet<>(catalogue.models());
        models.addAll(catalogue.statuses().models());
        List<Entry> entries = new ArrayList<>();
        models.stream().filter(isWanted).forEach(model -> addEntries(catalogue, model, entries));
        return entries;
    }

    private static void addEntries(Catalogue catalogue, String model, List<Entry> entries) {
        List<ModelStatus> statuses = catalogue.statuses().of(model).toList();
        List<ModelStatus> ofAll =
                statuses.stream().filter(status -> status.version().isEmpty()).toList();
        boolean isFetched = ofAll.stream().anyMatch(status -> status.state() == State.LOADING);
        State ofModel = isFetched ? State.LOADING : State.UNAVAILABLE;
        ModelStatuses.reasons(ofAll.stream().filter(status -> status.state() == ofModel))
                .ifPresent(reason -> entries.add(new Entry(model, Optional.empty(), ofModel, reason)));
        Map<String, Boolean> announced = catalogue.versions(model);
        NavigableSet<String> versions = new TreeSet<>(Catalogue.BY_NUMBER);
        versions.addAll(announced.keySet());
        statuses.forEach(status -> status.version().ifPresent(versions::add));
        for (String version : versions) {
            Map<State, List<ModelStatus>> said = statuses.stream()
                    .filter(status -> status.version().equals(Optional.of(version)))
                    .collect(Collectors.groupingBy(ModelStatus::state));
            Optional<String> sleep = catalogue.sleepOf(model, version);
            State withoutWorker = sleep.isPresent() ? State.SLEEPING : State.UNAVAILABLE;
            State state = announced.getOrDefault(version, false)
                    ? State.READY
                    : said.containsKey(State.LOADING) ? State.LOADING : withoutWorker;
            String reason = ModelStatuses.reasons(said.getOrDefault(state, List.of()).stream())
                    .orElseGet(() -> sleep.orElseGet(() -> withoutReason(catalogue, model, state)));
            entries.add(new Entry(model, Optional.of(version), state, reason));
        }
    }

    private static String withoutReason(Catalogue catalogue, String model, State state) {
        return state == State.READY ? "" : "its workers: " + catalogue.absence(model);
    }
}
