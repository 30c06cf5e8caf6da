package dev.penstock.zoo;

import dev.penstock.zoo.reference.Reference;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The verdicts on a zoo, as numbers and as lists. */
final class ZooReport {
    private static final int REASON_LENGTH = 160;

    private final int models;
    private final PrintStream out;
    private final List<Entry> entries = new ArrayList<>();

    /** What came of one model. */
    record Entry(ModelFile model, Reference reference, Verdict verdict) {
        boolean canRun() {
            return reference.cannotRun().isEmpty();
        }

        private String line() {
            String direct = reference
                    .cannotRun()
                    .or(() -> reference.notes().stream().findFirst())
                    .map(note -> " | " + note)
                    .orElse("");
            return (model.path() + " " + verdict.text() + direct).replaceAll("\\s*\n\\s*", " ");
        }
    }

    /** @param models the number of models in all */
    ZooReport(int models, PrintStream out) {
        this.models = models;
        this.out = out;
    }

    void add(ModelFile model, Reference reference, Verdict verdict) {
        entries.add(new Entry(model, reference.withoutCases(), verdict));
    }

    List<Entry> entries() {
        return List.copyOf(entries);
    }

    void progress() {
        out.printf(
                "%d of %d models: %d served, %d wrong%n",
                entries.size(), models, count(entry -> entry.verdict().isServed()), wrong());
    }

    long wrong() {
        return count(entry -> entry.verdict() instanceof Verdict.Wrong);
    }

    /** The share that is served of the models which ONNX Runtime's Java API can run; 100 if it can run none. */
    double servedPercent() {
        long runnable = count(Entry::canRun);
        return runnable == 0
                ? 100
                : 100.0 * count(entry -> entry.canRun() && entry.verdict().isServed()) / runnable;
    }

    void print() {
        out.printf("%n%d models. ONNX Runtime's Java API can run %d.%n", entries.size(), count(Entry::canRun));
        out.printf(
                "Of these: %d served (%.1f %%), %d right, %d wrong, %d refused, %d unanswered, %d broke the service.%n",
                count(entry -> entry.canRun() && entry.verdict().isServed()),
                servedPercent(),
                count(entry -> entry.canRun() && entry.verdict() instanceof Verdict.Right),
                count(entry -> entry.canRun() && entry.verdict() instanceof Verdict.Wrong),
                count(entry -> entry.canRun() && entry.verdict() instanceof Verdict.Refused),
                count(entry -> entry.canRun() && entry.verdict() instanceof Verdict.Unanswered),
                count(entry -> entry.canRun() && entry.verdict() instanceof Verdict.Broke));
        out.printf(
                "Of the others, %d served, %d wrong.%n",
                count(entry -> !entry.canRun() && entry.verdict().isServed()),
                count(entry -> !entry.canRun() && entry.verdict() instanceof Verdict.Wrong));
        list(
                "Not served, though ONNX Runtime can run it",
                reasons(entry ->
                        entry.canRun() ? entry.verdict().whyNotServed().stream().toList() : List.of()));
        list(
                "Not run by ONNX Runtime's Java API",
                reasons(entry -> entry.reference().cannotRun().stream().toList()));
        entries.stream()
                .filter(entry -> entry.verdict() instanceof Verdict.Wrong)
                .forEach(entry -> out.println("WRONG " + entry.line()));
    }

    /** Writes a line for each model. */
    void write(Path file) throws IOException {
        Files.write(file, entries.stream().map(Entry::line).sorted().toList());
    }

    private void list(String title, Map<String, List<String>> reasons) {
        if (reasons.isEmpty()) {
            return;
        }
        out.printf("%n%s:%n", title);
        reasons.entrySet().stream()
                .sorted(Comparator.comparingInt(reason -> -reason.getValue().size()))
                .forEach(reason -> out.printf(
                        "%5d  %s (such as %s)%n",
                        reason.getValue().size(),
                        reason.getKey(),
                        reason.getValue().getFirst()));
    }

    /** The paths of models by reason. Reasons that differ in names and numbers alone are one. */
    private Map<String, List<String>> reasons(Function<Entry, List<String>> of) {
        return entries.stream()
                .flatMap(entry -> of.apply(entry).stream().map(reason -> Map.entry(general(reason), entry)))
                .collect(Collectors.groupingBy(
                        Map.Entry::getKey,
                        TreeMap::new,
                        Collectors.mapping(each -> each.getValue().model().path(), Collectors.toList())));
    }

    private static String general(String reason) {
        String general = reason.replaceAll("\\s+", " ")
                .replaceAll("'[^']*'", "'…'")
                .replaceAll("\"id\":\"[^\"]*\"", "\"id\":…")
                .replaceAll("zoo-\\d+", "…")
                .replaceAll("0x[0-9a-f]+", "…")
                .replaceAll("/[^ ]*/model.onnx", "…")
                .replaceAll("\\[[-0-9, ]*\\]", "[…]")
                .replaceAll("\\d+", "N");
        return general.length() <= REASON_LENGTH ? general : general.substring(0, REASON_LENGTH) + "…";
    }

    private long count(Predicate<Entry> which) {
        return entries.stream().filter(which).count();
    }
}
