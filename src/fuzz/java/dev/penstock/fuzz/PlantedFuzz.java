package dev.penstock.fuzz;

/** A crash behind eight bytes: found in moments by a fuzzer that sees which branches an input takes, and by no other in a lifetime. */
public final class PlantedFuzz {
    private static final byte[] MAGIC = {'P', 'e', 'n', 's', 't', 'o', 'c', 'k'};

    private PlantedFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        for (int i = 0; i < MAGIC.length; i++) {
            if (i >= input.length || !matches(i, input[i])) {
                return;
            }
        }
        throw new IllegalStateException("the planted crash");
    }

    /** A branch of its own for each byte, as in a reader of formats. */
    private static boolean matches(int index, byte given) {
        return switch (index) {
            case 0 -> given == MAGIC[0];
            case 1 -> given == MAGIC[1];
            case 2 -> given == MAGIC[2];
            case 3 -> given == MAGIC[3];
            case 4 -> given == MAGIC[4];
            case 5 -> given == MAGIC[5];
            case 6 -> given == MAGIC[6];
            default -> given == MAGIC[7];
        };
    }
}
