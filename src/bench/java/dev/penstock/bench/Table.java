package dev.penstock.bench;

import java.util.ArrayList;
import java.util.List;

/** A plain-text table. The first column is left-aligned, the others are right-aligned. */
final class Table {
    private final List<List<String>> rows = new ArrayList<>();

    Table(String... header) {
        rows.add(List.of(header));
    }

    void add(String... cells) {
        rows.add(List.of(cells));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            for (int column = 0; column < row.size(); column++) {
                String form = (column == 0 ? "%-" : "  %") + width(column) + "s";
                text.append(form.formatted(row.get(column)));
            }
            text.append('\n');
        }
        return text.toString();
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(1);
    }
}
