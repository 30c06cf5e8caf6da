package dev.penstock.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * The names that are most like a misspelt one, by Levenshtein's distance: the number of characters to insert, delete or replace. About a third of
 * the name may differ.
 */
final class Nearest {
    private static final int MAX_NAMES = 2;

    private Nearest() {}

    /** The nearest first. Empty where none is near. */
    static List<String> to(String given, Collection<String> names) {
        int allowed = Math.max(1, (given.replaceFirst("^-+", "").length() + 1) / 3);
        return names.stream()
                .filter(name -> distance(given, name) <= allowed)
                .sorted(Comparator.comparingInt((String name) -> distance(given, name))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(MAX_NAMES)
                .toList();
    }

    private static int distance(String from, String to) {
        int[] before = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            before[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int[] now = new int[to.length() + 1];
            now[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = before[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                now[j] = Math.min(replaced, 1 + Math.min(before[j], now[j - 1]));
            }
            before = now;
        }
        return before[to.length()];
    }
}
