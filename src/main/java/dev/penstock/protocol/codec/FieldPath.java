package dev.penstock.protocol.codec;

/**
 * Where a reader stands in a body, so that an error can name the field: {@code inputs[1].data[17]}. Elements of nested data are
 * counted as if it were flat. Costs a store or two a step; the text is built only for an error.
 */
final class FieldPath {
    /** The index of none of an array's entries, but the array itself. */
    static final int WHOLE = -1;

    private static final int MAX_DEPTH = 8;

    private final String[] names = new String[MAX_DEPTH];
    private final int[] indexes = new int[MAX_DEPTH];
    private int depth;

    void enter(String name) {
        names[depth] = name;
        indexes[depth] = WHOLE;
        depth++;
    }

    /** Stands at that index of the array that was entered last. */
    void at(int index) {
        indexes[depth - 1] = index;
    }

    void leave() {
        depth--;
    }

    @Override
    public String toString() {
        if (depth == 0) {
            return "body";
        }
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < depth; i++) {
            path.append(i == 0 ? "" : ".").append(names[i].isEmpty() ? "\"\"" : names[i]);
            if (indexes[i] != WHOLE) {
                path.append('[').append(indexes[i]).append(']');
            }
        }
        return path.toString();
    }
}
