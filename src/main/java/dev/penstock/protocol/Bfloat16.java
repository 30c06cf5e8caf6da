package dev.penstock.protocol;

/** Converts between FP32 and BF16, which is the upper half of an FP32 number. */
public final class Bfloat16 {
    private static final int LOWER_HALF = 0xffff;
    private static final int MIDDLE = 0x8000;
    private static final short NAN = 0x7fc0;

    private Bfloat16() {}

    public static float value(short bits) {
        return Float.intBitsToFloat(bits << Short.SIZE);
    }

    /** The bits of the nearest BF16 number; of two that are equally near, the even one. Infinite on overflow. */
    public static short bits(float value) {
        if (Float.isNaN(value)) {
            return NAN;
        }
        int bits = Float.floatToRawIntBits(value);
        int roundUp = MIDDLE - 1 + ((bits >>> Short.SIZE) & 1);
        return (short) ((bits + roundUp) >>> Short.SIZE);
    }

    /** Whether the number is exactly between two BF16 numbers. */
    public static boolean isHalfway(float value) {
        return (Float.floatToRawIntBits(value) & LOWER_HALF) == MIDDLE;
    }
}
