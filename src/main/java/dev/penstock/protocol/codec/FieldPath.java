package dev.penstock.protocol.codec;

/**
 * The path of the field being read, such as {@code inputs[1].data[17]}, so that errors can name it. Elements of nested data have their
 * flat index. Each step costs one or two stores; the text is built only for an error.
 */
final class FieldPath {
    /** In place of an index: the path names the array itself. */
    static final int NO_INDEX = -1;

    private static final int MAX_DEPTH = 8;

    private final String[] names = new String[MAX_DEPTH];
    private final int[] indexes = new int[MAX_DEPTH];
    private int depth;

    void enter(String name) {
        names[depth] = name;
        indexes[depth] = NO_INDEX;
        depth++;
    }

    /** Moves to an index of the innermost array. */
    void at(int index) {
        indexes[depth - 1] = index;
    }

    /** The names in the path. Each is a member of an object, and all objects but the body are in an array. */
    int depth() {
        return depth;
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
            if (indexes[i] != NO_INDEX) {
                path.append('[').append(indexes[i]).append(']');
            }
        }
        return path.toString();
    }
}
