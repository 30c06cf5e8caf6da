package dev.penstock.diagnosis;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The verdict on a running service: which part is the bottleneck, what says so, and what to turn. Show {@link #text}, or the components
 * apart.
 *
 * <p>To get one within the process, keep a {@link Snapshot} of what {@code PrometheusMeterRegistry.scrape()} returns, take another some
 * seconds later (five are enough, two are the least that mean something), and call {@link #of}. It blocks for nothing and takes a few
 * milliseconds of CPU, so do it off the event loops. Immutable.
 *
 * @param model the model that the verdict is about; empty where it is about the whole service
 * @param figures sentences with the figures that led to the verdict
 * @param knob what to do: a configuration key, a key of {@code model.yaml}, or how to scale
 */
public record Diagnosis(Part part, Optional<String> model, String figures, String knob) {

    /**
     * Judges what happened between two snapshots of the same processes. Rates and means come from the difference, gauges from the later one.
     * A meter that is missing counts as 0, so a process without a GPU, or a role that is not among the processes, gives no verdict on it.
     *
     * @throws IllegalArgumentException if the later snapshot is not later, or is of another number of processes
     */
    public static Diagnosis of(Snapshot earlier, Snapshot later) {
        Change change = Change.between(earlier, later);
        ServiceRules service = new ServiceRules(change);
        List<ModelRules> models = change.models().stream()
                .map(model -> Figures.of(change, model))
                .sorted(Comparator.comparingDouble(Diagnosis::weight).reversed())
                .map(figures -> new ModelRules(figures, change))
                .toList();
        return Stream.<Stream<Optional<Diagnosis>>>of(
                        Stream.of(service.outage()),
                        models.stream().map(ModelRules::memory),
                        models.stream().map(ModelRules::saturation),
                        Stream.of(service.ingress(), service.redis()),
                        models.stream().map(ModelRules::latency),
                        models.stream().map(ModelRules::unknown))
                .flatMap(rules -> rules)
                .flatMap(Optional::stream)
                .findFirst()
                .orElseGet(() -> nothing(models));
    }

    /** The time that requests of this model lose. A refusal counts as a second. */
    private static double weight(Figures model) {
        return model.answered() * model.latency() + model.refused();
    }

    private static Diagnosis nothing(List<ModelRules> models) {
        String figures = models.stream()
                .findFirst()
                .filter(busiest -> busiest.figures().answered() > 0)
                .map(busiest -> "The busiest model is '%s': %s."
                        .formatted(busiest.figures().model(), busiest.summary()))
                .orElse("No requests came.");
        return new Diagnosis(Part.NOTHING, Optional.empty(), figures, "There is nothing to turn.");
    }

    /** The whole verdict in one paragraph. */
    public String text() {
        return "%s%s. %s %s"
                .formatted(
                        part.sentence(), model.map(" (model '%s')"::formatted).orElse(""), figures, knob);
    }
}
