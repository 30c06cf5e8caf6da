package dev.penstock.inspect;

import dev.penstock.inspect.Inspection.Refused;
import dev.penstock.inspect.Inspection.Served;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.TensorSpec;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Prints what was found out. */
final class InspectionText {
    private static final int MAX_REASON_IN_TABLE = 100;
    private static final int MAX_TENSORS_IN_TABLE = 3;

    private final PrintStream out;

    InspectionText(PrintStream out) {
        this.out = out;
    }

    void print(Inspection inspection) {
        List<String> advice = Advice.on(inspection);
        switch (inspection.serving()) {
            case Refused refused -> {
                out.println(inspection.path() + " is refused: " + oneLine(refused.reason()));
                out.println("cure: " + (advice.isEmpty() ? "the reason names it" : String.join("; ", advice)));
            }
            case Served served -> {
                inspection.facts().ifPresent(facts -> printFacts(inspection, facts));
                printTensors("input", served.signature().inputs());
                printTensors("output", served.signature().outputs());
                line("run", served.mode().kind().label() + ": " + served.mode().reason());
                line("memory", memory(inspection, served));
                line(
                        "speed",
                        String.format(
                                Locale.ROOT,
                                "%,.0f %s on this machine",
                                served.rowsPerSecond(),
                                served.mode().kind() == RunMode.Kind.BATCHED ? "rows/s in full batches" : "runs/s"));
                served.notes().forEach(note -> line("note", note));
                (advice.isEmpty() ? List.of("nothing") : advice).forEach(text -> line("better", text));
                line(
                        "call",
                        served.example()
                                .map(inputs -> CurlCommand.text(inspection.name(), inputs))
                                .orElse("no made-up input works; see docs/requests.md"));
                line("serve", serve(inspection));
            }
        }
    }

    void printHeader() {
        row("model", "run", "inputs", "weights", "better");
    }

    void printRow(Inspection inspection) {
        String weights =
                inspection.facts().map(facts -> size(facts.weightBytes())).orElse("");
        switch (inspection.serving()) {
            case Refused refused -> {
                String reason = oneLine(refused.reason());
                row(
                        inspection.path(),
                        "refused",
                        reason.length() <= MAX_REASON_IN_TABLE
                                ? reason
                                : reason.substring(0, MAX_REASON_IN_TABLE) + "…",
                        weights,
                        Advice.shortly(Advice.on(inspection)));
            }
            case Served served ->
                row(
                        inspection.path(),
                        served.mode().kind().label(),
                        inTable(served.signature().inputs()),
                        weights,
                        Advice.shortly(Advice.on(inspection)));
        }
    }

    private void row(String model, String run, String inputs, String weights, String better) {
        out.println("%-40s  %-10s  %-48s  %8s  %s"
                .formatted(model, run, inputs, weights, better)
                .stripTrailing());
    }

    private void printFacts(Inspection inspection, GraphFacts facts) {
        line(
                "model",
                "%s, %s%s"
                        .formatted(
                                inspection.path(),
                                size(inspection.fileBytes()),
                                facts.producer().isEmpty() ? "" : ", made by " + facts.producer()));
        line(
                "opset",
                facts.opsets().entrySet().stream()
                        .map(set -> set.getKey() + " " + set.getValue())
                        .collect(Collectors.joining(", ")));
        line(
                "operators",
                facts.operators().entrySet().stream()
                        .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                        .map(each -> each.getValue() + " " + each.getKey())
                        .collect(Collectors.joining(", ")));
    }

    private void printTensors(String side, List<TensorSpec> tensors) {
        tensors.forEach(tensor -> line(side, tensor.name() + " " + tensor.datatype() + " " + tensor.shape()));
    }

    private void line(String key, String text) {
        out.println("%-10s %s".formatted(key, text));
    }

    private static String memory(Inspection inspection, Served served) {
        String weights = inspection
                .facts()
                .map(facts -> size(facts.weightBytes()) + " of weights")
                .orElse("");
        return served.loadedBytes().isPresent()
                ? weights + ", " + size(served.loadedBytes().getAsLong()) + " when it was loaded and warm"
                : weights;
    }

    /** How to start a service with it: from the repository that it lies in, or from a new one. */
    private static String serve(Inspection inspection) {
        String path = inspection.path();
        String inRepository = inspection.name() + "/[1-9][0-9]*/model\\.onnx$";
        if (path.matches("(.*/)?" + inRepository)) {
            String repository = path.replaceFirst("/?" + inRepository, "");
            return "./penstock up --models " + (repository.isEmpty() ? "." : repository);
        }
        return "mkdir -p models/%s/1 && cp %s models/%s/1/model.onnx && ./penstock up --models models"
                .formatted(inspection.name(), path, inspection.name());
    }

    private static String inTable(List<TensorSpec> inputs) {
        String listed = inputs.stream()
                .limit(MAX_TENSORS_IN_TABLE)
                .map(input -> input.name() + " " + input.datatype()
                        + input.shape().toString().replace(" ", ""))
                .collect(Collectors.joining(", "));
        int more = inputs.size() - MAX_TENSORS_IN_TABLE;
        return more > 0 ? listed + " and " + more + " more" : listed;
    }

    private static String size(long bytes) {
        if (bytes < 1 << 10) {
            return bytes + " B";
        }
        return bytes < 1 << 20
                ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
                : String.format(Locale.ROOT, "%,.1f MiB", bytes / 1048576.0);
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s*\n\\s*", " ");
    }
}
