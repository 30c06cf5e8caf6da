package dev.penstock.diagnosis;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The samples of one process, from Prometheus's text format 0.0.4 or OpenMetrics. Histogram buckets and NaN are left out. A line that is no
 * sample is skipped.
 */
record Exposition(Map<Series, Double> samples) {
    /** Name, labels, value; then a timestamp or an exemplar, which nobody here needs. */
    private static final Pattern SAMPLE =
            Pattern.compile("([a-zA-Z_:][\\w:]*)((?:\\{(?:[^\"}]|\"(?:[^\"\\\\]|\\\\.)*\")*\\})?)[ \t]+(\\S+).*");

    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    /** The name of a meter, and its labels. */
    record Series(String name, Map<String, String> labels) {}

    static Exposition parse(String text) {
        Map<Series, Double> samples = new HashMap<>();
        text.lines()
                .filter(line -> !line.startsWith("#") && !line.contains("_bucket{"))
                .map(SAMPLE::matcher)
                .filter(Matcher::matches)
                .forEach(sample -> number(sample.group(3))
                        .ifPresent(value -> samples.put(new Series(sample.group(1), labels(sample.group(2))), value)));
        return new Exposition(Map.copyOf(samples));
    }

    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new HashMap<>();
        Matcher label = LABEL.matcher(text);
        while (label.find()) {
            labels.put(label.group(1), label.group(2).replaceAll("\\\\(.)", "$1"));
        }
        return Map.copyOf(labels);
    }

    private static Optional<Double> number(String text) {
        try {
            double value = Double.parseDouble(text.replace("Inf", "Infinity"));
            return Double.isNaN(value) ? Optional.empty() : Optional.of(value);
        } catch (NumberFormatException noSample) {
            return Optional.empty();
        }
    }
}
