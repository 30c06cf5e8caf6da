package dev.penstock.alerts;

import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds the metrics that an expression of PromQL reads. */
public final class MetricNames {
    /** Where names are those of labels, or none: texts, matchers, windows, and the lists after these words. */
    private static final Pattern NO_METRICS =
            Pattern.compile("\"[^\"]*\"|\\{[^}]*}|\\[[^]]*]|\\b(by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)");

    /** A name that is neither a function nor the unit of a time. */
    private static final Pattern NAME = Pattern.compile("(?<![\\w:.])[a-zA-Z_:][\\w:]*+(?!\\s*\\()");

    private static final Set<String> WORDS = Set.of("and", "or", "unless", "bool", "offset", "by", "without");

    private MetricNames() {}

    public static Stream<String> in(String expression) {
        return NAME.matcher(NO_METRICS.matcher(expression).replaceAll(" "))
                .results()
                .map(MatchResult::group)
                .filter(name -> !WORDS.contains(name));
    }
}
