package dev.penstock.service;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a process exports at one moment, in Prometheus's text format. */
record Scrape(String text) {
    private static final Pattern SAMPLE = Pattern.compile("(?m)^([a-zA-Z_:][\\w:]*)(?:\\{(.*)})? (\\S+)$");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    /** The type of each family of meters, by name. */
    Map<String, String> types() {
        return comments("TYPE");
    }

    Map<String, String> help() {
        return comments("HELP");
    }

    private Map<String, String> comments(String kind) {
        Map<String, String> found = new HashMap<>();
        Matcher line = Pattern.compile("(?m)^# " + kind + " (\\S+) ?(.*)$").matcher(text);
        while (line.find()) {
            found.put(line.group(1), line.group(2).strip());
        }
        return found;
    }

    /** The names of all labels of a family, {@code le} aside. */
    Set<String> labels(String family) {
        return samples()
                .filter(sample -> familyOf(sample.group(1)).equals(family))
                .flatMap(sample -> labels(sample).keySet().stream())
                .filter(label -> !label.equals("le"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The sum of the samples with this name and these labels, and perhaps others; not a number where there is none. */
    double sum(String name, String... labels) {
        Map<String, String> wanted = new HashMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            wanted.put(labels[i], labels[i + 1]);
        }
        double[] found = samples()
                .filter(sample -> sample.group(1).equals(name)
                        && labels(sample).entrySet().containsAll(wanted.entrySet()))
                .mapToDouble(sample -> Double.parseDouble(sample.group(3)))
                .toArray();
        double sum = found.length == 0 ? Double.NaN : 0;
        for (double each : found) {
            sum += each;
        }
        return sum;
    }

    private java.util.stream.Stream<MatchResult> samples() {
        return SAMPLE.matcher(text).results();
    }

    private static Map<String, String> labels(MatchResult sample) {
        return sample.group(2) == null
                ? Map.of()
                : LABEL.matcher(sample.group(2))
                        .results()
                        .collect(Collectors.toMap(label -> label.group(1), label -> label.group(2)));
    }

    private String familyOf(String sample) {
        String base = sample.replaceFirst("_(bucket|count|sum)$", "");
        return types().getOrDefault(base, "").matches("histogram|summary") ? base : sample;
    }
}
