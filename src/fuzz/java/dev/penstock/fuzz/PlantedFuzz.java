package dev.penstock.fuzz;

/** A planted crash behind five magic bytes. A coverage-guided fuzzer finds it in seconds; a blind one practically never does. */
public final class PlantedFuzz {
    private static final byte[] MAGIC = {'s', 't', 'o', 'c', 'k'};

    private PlantedFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        for (int i = 0; i < MAGIC.length; i++) {
            if (i >= input.length || !matches(i, input[i])) {
                return;
            }
        }
        throw new IllegalStateException("the planted crash");
    }

    /** One branch per byte, as in a format parser. */
    private static boolean matches(int index, byte given) {
        return switch (index) {
            case 0 -> given == MAGIC[0];
            case 1 -> given == MAGIC[1];
            case 2 -> given == MAGIC[2];
            case 3 -> given == MAGIC[3];
            default -> given == MAGIC[4];
        };
    }
}
