package dev.penstock.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The metrics of docs/metrics.md. {@code MetricsTest} holds that a running service exports these, with these labels. */
public final class DocumentedMetrics {
    /** Name, type and labels. */
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `(\\w+)` \\| (\\w+)[^|]* \\| ([^|]*)\\|");

    private static final Pattern LABEL = Pattern.compile("`(\\w+)`");

    /** Labels that each sample gets from Prometheus, and the bound of a bucket. */
    private static final Set<String> EVERYWHERE = Set.of("job", "instance", "namespace", "pod", "le");

    private final Map<String, Set<String>> labelsByName = new HashMap<>();

    private DocumentedMetrics() {}

    public static DocumentedMetrics read() throws IOException {
        DocumentedMetrics metrics = new DocumentedMetrics();
        ROW.matcher(Files.readString(Path.of("docs/metrics.md"))).results().forEach(metrics::add);
        return metrics;
    }

    private void add(MatchResult row) {
        String name = row.group(1);
        Set<String> labels = LABEL.matcher(row.group(3))
                .results()
                .map(label -> label.group(1))
                .collect(Collectors.toSet());
        switch (row.group(2)) {
            case "timer", "size" -> {
                for (String suffix : Set.of("_bucket", "_count", "_sum", "_max")) {
                    labelsByName.put(name + suffix, labels);
                }
            }
            case "summary" -> {
                for (String suffix : Set.of("_count", "_sum", "_max")) {
                    labelsByName.put(name + suffix, labels);
                }
            }
            default -> labelsByName.put(name, labels);
        }
    }

    /** Recorded rules aside, each metric is exported, and each label is one that a metric of the expression has. */
    public void assertExported(String expression) {
        Expression parsed = new Expression(expression);
        Set<String> labels = new HashSet<>(EVERYWHERE);
        assertThat(parsed.metrics()).as(expression).isNotEmpty().allSatisfy(name -> {
            if (name.startsWith("penstock:")) {
                labels.add("model");
            } else {
                assertThat(labelsByName).containsKey(name);
                labels.addAll(labelsByName.getOrDefault(name, Set.of()));
            }
        });
        assertThat(parsed.labels()).as(expression).isSubsetOf(labels);
    }
}
