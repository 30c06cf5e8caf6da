package dev.penstock.diagnosis;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** What changed in some processes between two snapshots. */
record Change(double seconds, List<OfProcess> processes) {
    static Change between(Snapshot earlier, Snapshot later) {
        double seconds = later.at().minus(earlier.at()).toNanos() / 1e9;
        int count = later.processes().size();
        if (seconds <= 0 || count == 0 || earlier.processes().size() != count) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "snapshots must be of the same processes, and the later one later: %d and %d processes, %.3f s apart",
                    earlier.processes().size(),
                    count,
                    seconds));
        }
        return new Change(
                seconds,
                IntStream.range(0, count)
                        .mapToObj(i -> new OfProcess(
                                earlier.processes().get(i), later.processes().get(i)))
                        .toList());
    }

    /** What changed in one process. Labels are given as name, value, name, value. */
    record OfProcess(Exposition earlier, Exposition later) {
        /** By how much a counter, or a histogram's sum or count, has grown; 0 where it is missing. A process that was started again began at 0. */
        double increase(String name, String... labels) {
            double sum = 0;
            for (Map.Entry<Exposition.Series, Double> sample : later.samples().entrySet()) {
                if (matches(sample.getKey(), name, labels)) {
                    double before = earlier.samples().getOrDefault(sample.getKey(), 0.0);
                    sum += sample.getValue() >= before ? sample.getValue() - before : sample.getValue();
                }
            }
            return sum;
        }

        /** The values of a gauge at the later moment. */
        DoubleStream now(String name, String... labels) {
            return later.samples().entrySet().stream()
                    .filter(sample -> matches(sample.getKey(), name, labels))
                    .mapToDouble(Map.Entry::getValue);
        }

        boolean has(String name, String... labels) {
            return now(name, labels).findAny().isPresent();
        }

        private static boolean matches(Exposition.Series series, String name, String... labels) {
            if (!series.name().equals(name)) {
                return false;
            }
            for (int i = 0; i < labels.length; i += 2) {
                if (!labels[i + 1].equals(series.labels().get(labels[i]))) {
                    return false;
                }
            }
            return true;
        }
    }

    double increase(String name, String... labels) {
        return processes.stream()
                .mapToDouble(process -> process.increase(name, labels))
                .sum();
    }

    /** The largest value of a gauge at the later moment; empty where no process has it. */
    OptionalDouble most(String name, String... labels) {
        return processes.stream()
                .flatMapToDouble(process -> process.now(name, labels))
                .max();
    }

    /** The mean of what a timer or a summary recorded between the snapshots; 0 where it recorded nothing. */
    double mean(String name, String... labels) {
        double count = increase(name + "_count", labels);
        return count > 0 ? increase(name + "_sum", labels) / count : 0;
    }

    /** The models that any process knows. */
    Set<String> models() {
        Set<String> models = new TreeSet<>();
        for (OfProcess process : processes) {
            process.later().samples().keySet().stream()
                    .filter(series -> series.name().startsWith("inference_"))
                    .flatMap(series -> series.labels().entrySet().stream())
                    .filter(label ->
                            label.getKey().equals("model") && !label.getValue().equals("none"))
                    .map(Map.Entry::getValue)
                    .forEach(models::add);
        }
        return models;
    }
}
