package dev.penstock.protocol.codec;

/**
 * Limits on the bodies that a reader accepts.
 *
 * @param maxBodyBytes the whole body, JSON and binary parts together
 * @param maxTensors the number of inputs, and of requested outputs, unless the model is known to have more
 * @param maxElements elements of one tensor, at most 2^27
 * @param maxParameters entries of each {@code parameters} object
 * @param maxStringBytes the length of one JSON string in bytes: a name, a parameter, or an element of a BYTES tensor
 * @param unknownMembers whether members may appear that the protocol does not have
 */
public record ReaderLimits(
        int maxBodyBytes,
        int maxTensors,
        int maxElements,
        int maxParameters,
        int maxStringBytes,
        UnknownMembers unknownMembers) {

    private static final int MOST_ELEMENTS = 1 << 27;

    /** For bodies that workers of ours wrote. */
    public static final ReaderLimits HIGHEST =
            new ReaderLimits(Integer.MAX_VALUE, Integer.MAX_VALUE, MOST_ELEMENTS, Integer.MAX_VALUE, Integer.MAX_VALUE);

    public static final ReaderLimits DEFAULT = new ReaderLimits(10 << 20, 64, 16 << 20, 64, 1 << 20);

    /** Limits that let unknown members pass. */
    public ReaderLimits(int maxBodyBytes, int maxTensors, int maxElements, int maxParameters, int maxStringBytes) {
        this(maxBodyBytes, maxTensors, maxElements, maxParameters, maxStringBytes, UnknownMembers.IGNORED);
    }

    public ReaderLimits {
        requirePositive("maxBodyBytes", maxBodyBytes);
        requirePositive("maxTensors", maxTensors);
        requirePositive("maxElements", maxElements);
        if (maxElements > MOST_ELEMENTS) {
            throw new IllegalArgumentException("maxElements must be in 1..2^27, was " + maxElements);
        }
        requirePositive("maxParameters", maxParameters);
        requirePositive("maxStringBytes", maxStringBytes);
    }

    /** The same limits, with or without unknown members. */
    public ReaderLimits with(UnknownMembers members) {
        return new ReaderLimits(maxBodyBytes, maxTensors, maxElements, maxParameters, maxStringBytes, members);
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be 1 or more, was " + value);
        }
    }
}
