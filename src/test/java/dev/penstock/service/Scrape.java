package dev.penstock.service;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a process exports at one moment, in Prometheus's text format. */
final class Scrape {
    private static final Pattern COMMENT = Pattern.compile("# (TYPE|HELP) (\\S+) ?(.*)");
    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][\\w:]*)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    private final String text;
    private final Map<String, String> types = new HashMap<>();
    private final Map<String, String> help = new HashMap<>();
    private final List<Sample> samples = new ArrayList<>();

    private record Sample(String name, Map<String, String> labels, double value) {}

    Scrape(String text) {
        this.text = text;
        text.lines().forEach(this::read);
    }

    private void read(String line) {
        Matcher comment = COMMENT.matcher(line);
        Matcher sample = SAMPLE.matcher(line);
        if (comment.matches()) {
            (comment.group(1).equals("TYPE") ? types : help)
                    .put(comment.group(2), comment.group(3).strip());
        } else if (sample.matches()) {
            Map<String, String> labels = new HashMap<>();
            if (sample.group(2) != null) {
                LABEL.matcher(sample.group(2)).results().forEach(label -> labels.put(label.group(1), label.group(2)));
            }
            samples.add(new Sample(sample.group(1), labels, Double.parseDouble(sample.group(3))));
        }
    }

    String text() {
        return text;
    }

    /** The type of each family of meters, by name. */
    Map<String, String> types() {
        return types;
    }

    Map<String, String> help() {
        return help;
    }

    /** The names of all labels of a family, {@code le} aside. */
    Set<String> labels(String family) {
        return samples.stream()
                .filter(sample -> familyOf(sample.name).equals(family))
                .flatMap(sample -> sample.labels.keySet().stream())
                .filter(label -> !label.equals("le"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /**
     * The sum of the samples with this name and these labels, and perhaps others; not a number where there is none.
     *
     * @param labels name, value, name, value …
     */
    double sum(String name, String... labels) {
        Map<String, String> wanted = new HashMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            wanted.put(labels[i], labels[i + 1]);
        }
        return samples.stream()
                .filter(sample ->
                        sample.name.equals(name) && sample.labels.entrySet().containsAll(wanted.entrySet()))
                .mapToDouble(Sample::value)
                .reduce(Double::sum)
                .orElse(Double.NaN);
    }

    private String familyOf(String sample) {
        String base = sample.replaceFirst("_(bucket|count|sum)$", "");
        return types.getOrDefault(base, "").matches("histogram|summary") ? base : sample;
    }
}
