package dev.penstock.alerts;

import java.util.Arrays;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An expression of PromQL, as far as the metrics and labels go that it names. */
record Expression(String text) {
    private static final Set<String> WORDS = Set.of("and", "or", "unless", "bool", "offset", "by");
    private static final Pattern TEXT = Pattern.compile("\"[^\"]*\"");
    private static final Pattern WINDOW = Pattern.compile("\\[[^]]*]");

    /** A list of labels, or matchers. */
    private static final Pattern LABELS =
            Pattern.compile("(?:\\b(?:by|without|on|ignoring|group_left)\\s*\\(([^)]*)\\))|\\{([^}]*)}");

    /** What is neither a function nor part of a number. */
    private static final Pattern NAME = Pattern.compile("(?<![\\w:.])[a-zA-Z_:][\\w:]*+(?!\\s*\\()");

    private String withoutTexts() {
        return WINDOW.matcher(TEXT.matcher(text).replaceAll("")).replaceAll("");
    }

    Set<String> metrics() {
        return names(LABELS.matcher(withoutTexts()).replaceAll(" "))
                .filter(name -> !WORDS.contains(name))
                .collect(Collectors.toSet());
    }

    Set<String> labels() {
        return LABELS.matcher(withoutTexts())
                .results()
                .flatMap(list -> Stream.of(list.group(1), list.group(2)))
                .filter(list -> list != null)
                .flatMap(list -> Arrays.stream(list.split(",")))
                .flatMap(Expression::names)
                .collect(Collectors.toSet());
    }

    private static Stream<String> names(String where) {
        return NAME.matcher(where).results().map(MatchResult::group);
    }
}
