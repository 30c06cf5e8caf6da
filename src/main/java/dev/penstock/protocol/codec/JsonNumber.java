package dev.penstock.protocol.codec;

import com.fasterxml.jackson.core.io.NumberInput;
import dev.penstock.protocol.Bfloat16;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;

/**
 * A parsed JSON number: (−1)^negative × mantissa × 10^exponent. Mutable, so that a tensor of a million numbers needs one object.
 *
 * <p>Most numbers need at most one multiplication or division. For FP64 the result is exact when mantissa and power of ten both are
 * (Clinger 1990: up to 2^53 and 10^22). For FP32 an inexact double suffices, unless it is so close to the midpoint between two floats
 * that its error could change the rounding. All other numbers go to a general parser.
 */
final class JsonNumber {
    /** The longest exact decimal of a double has slightly more than 1,075 characters. */
    static final int MAX_LENGTH = 1100;

    private static final int MANTISSA_DIGITS = 19;

    /** In place of a number of digits: the mantissa says nothing. */
    private static final int TOO_MANY_DIGITS = Integer.MAX_VALUE;

    private static final int MAX_EXACT_POWER = 22;
    private static final double[] POWERS_OF_TEN = powersOfTen(64);

    private static final long FLOAT_TAIL_MASK = (1L << 29) - 1;
    private static final long FLOAT_TAIL_MIDDLE = 1L << 28;
    /** Three roundings (mantissa, power, quotient) are off by at most 3 units in the last place. The margin is well above that. */
    private static final long FLOAT_TAIL_MARGIN = 8;

    private byte[] bytes = {};
    private int start;
    private int end;
    private boolean negative;
    private boolean integer;
    private long mantissa;
    /** At most {@link #MANTISSA_DIGITS} if the mantissa is exact. */
    private int digits;

    private int exponent;
    /** Read only where {@link #isFinite} is false. */
    private double nonFinite;

    /** Scans the number at {@code from}. Returns the position after it, or the bitwise complement of the position of a syntax error. */
    int scan(byte[] source, int from, int limit) {
        int at = from;
        boolean minus = source[at] == '-';
        if (minus) {
            at++;
        }
        int first = at;
        long value = 0;
        int digit;
        while (at < limit && (digit = source[at] - '0') >= 0 && digit <= 9) {
            value = value * 10 + digit;
            at++;
        }
        int count = at - first;
        if (count == 0 || (source[first] == '0' && count > 1)) {
            return ~first;
        }
        int scale = 0;
        boolean whole = true;
        if (at < limit && source[at] == '.') {
            int fraction = ++at;
            while (at < limit && (digit = source[at] - '0') >= 0 && digit <= 9) {
                value = value * 10 + digit;
                at++;
            }
            if (at == fraction) {
                return ~at;
            }
            scale = fraction - at;
            count += at - fraction;
            whole = false;
        }
        if (at < limit && (source[at] | 0x20) == 'e') {
            at++;
            boolean down = at < limit && source[at] == '-';
            if (down || (at < limit && source[at] == '+')) {
                at++;
            }
            int power = 0;
            int powerStart = at;
            while (at < limit && (digit = source[at] - '0') >= 0 && digit <= 9) {
                power = Math.min(
                        power * 10 + digit, 1_000_000); // Out of range for every datatype, and cannot overflow.
                at++;
            }
            if (at == powerStart) {
                return ~at;
            }
            scale += down ? -power : power;
            whole = false;
        }
        bytes = source;
        start = from;
        end = at;
        negative = minus;
        integer = whole;
        mantissa = value;
        digits = count > MANTISSA_DIGITS ? count - leadingZeros(first) : count;
        exponent = scale;
        return at;
    }

    /** Takes NaN or an infinity, which the source names between {@code from} and {@code to}. */
    void nonFinite(double value, byte[] source, int from, int to) {
        bytes = source;
        start = from;
        end = to;
        integer = false;
        digits = TOO_MANY_DIGITS;
        exponent = 0;
        nonFinite = value;
    }

    /** False for what the source names NaN or an infinity. A number out of the range of its datatype is finite here. */
    boolean isFinite() {
        return digits != TOO_MANY_DIGITS || integer;
    }

    int length() {
        return end - start;
    }

    /** Whether the number has neither fraction nor exponent. */
    boolean isInteger() {
        return integer;
    }

    /**
     * Whether the value is an integer, in whatever notation: 7, 7.0 and 70e-1. Afterwards {@link #longValue} and {@link
     * #unsignedLongValue} can be asked as for a plain integer.
     */
    boolean isIntegral() {
        if (!integer) {
            boolean isExact = digits <= MANTISSA_DIGITS && mantissa >= 0;
            integer = isExact ? scaleToInteger() : takeLargeInteger();
        }
        return integer;
    }

    /** Scales the mantissa until the exponent is 0. The mantissa is exact. */
    private boolean scaleToInteger() {
        if (mantissa == 0) {
            return true;
        }
        for (; exponent < 0 && mantissa % 10 == 0; exponent++) {
            mantissa /= 10;
        }
        for (; exponent > 0 && mantissa <= Long.MAX_VALUE / 10; exponent--) {
            mantissa *= 10;
        }
        return exponent == 0 || (exponent > 0 && takeLargeInteger());
    }

    /** The same for any mantissa. */
    private boolean takeLargeInteger() {
        if (exponent < -MAX_LENGTH) {
            return false; // more decimal places than digits
        }
        if (exponent > MAX_LENGTH) {
            digits = TOO_MANY_DIGITS;
            return true;
        }
        BigDecimal value = new BigDecimal(toString()).stripTrailingZeros();
        if (value.scale() > 0) {
            return false;
        }
        boolean fits = value.precision() - (long) value.scale() <= MANTISSA_DIGITS + 1;
        BigInteger magnitude = fits ? value.toBigInteger().abs() : BigInteger.ZERO;
        fits &= magnitude.bitLength() <= Long.SIZE;
        mantissa = magnitude.longValue();
        digits = fits ? MANTISSA_DIGITS : TOO_MANY_DIGITS;
        return true;
    }

    /** Whether {@link #longValue} is exact. */
    boolean fitsLong() {
        return integer && digits <= MANTISSA_DIGITS && (mantissa >= 0 || (negative && mantissa == Long.MIN_VALUE));
    }

    long longValue() {
        return negative ? -mantissa : mantissa;
    }

    /** Whether {@link #unsignedLongValue} is exact. */
    boolean fitsUnsignedLong() {
        if (!integer || (negative && mantissa != 0)) {
            return false;
        }
        // With 20 digits the mantissa may have wrapped around, so compare it with the text.
        return digits <= MANTISSA_DIGITS
                || (digits == MANTISSA_DIGITS + 1
                        && Long.toUnsignedString(mantissa).equals(toString()));
    }

    long unsignedLongValue() {
        return mantissa;
    }

    /** The bits of the nearest FP16 number; infinite on overflow. */
    short halfBits() {
        float nearest = floatValue();
        short bits = Float.floatToFloat16(nearest);
        // If its neighbours round differently, the FP32 number is where two FP16 numbers meet. Only the exact value
        // decides.
        boolean decides = Float.floatToFloat16(Math.nextDown(nearest)) != Float.floatToFloat16(Math.nextUp(nearest));
        return decides && nearest != 0 ? Float.floatToFloat16(towardsExact(nearest)) : bits;
    }

    /** The bits of the nearest BF16 number; infinite on overflow. */
    short bfloatBits() {
        float nearest = floatValue();
        return Bfloat16.bits(Bfloat16.isHalfway(nearest) ? towardsExact(nearest) : nearest);
    }

    /** An FP32 number that is on the same side of {@code nearest} as the exact value. */
    private float towardsExact(float nearest) {
        int side = new BigDecimal(toString()).compareTo(new BigDecimal(nearest));
        return side < 0 ? Math.nextDown(nearest) : side > 0 ? Math.nextUp(nearest) : nearest;
    }

    /** The nearest FP32 number; infinite on overflow. */
    float floatValue() {
        if (digits <= MANTISSA_DIGITS && mantissa >= 0 && Math.abs(exponent) < POWERS_OF_TEN.length) {
            double nearby = scaled();
            long tail = Double.doubleToRawLongBits(nearby) & FLOAT_TAIL_MASK;
            boolean normal = nearby >= Float.MIN_NORMAL && nearby <= Float.MAX_VALUE;
            if (mantissa == 0 || (normal && Math.abs(tail - FLOAT_TAIL_MIDDLE) > FLOAT_TAIL_MARGIN)) {
                return (float) (negative ? -nearby : nearby);
            }
        }
        return isFinite() ? NumberInput.parseFloat(toString(), true) : (float) nonFinite;
    }

    /** The nearest FP64 number; infinite on overflow. */
    double doubleValue() {
        if (digits <= MANTISSA_DIGITS
                && mantissa >= 0
                && mantissa <= 1L << 53
                && Math.abs(exponent) <= MAX_EXACT_POWER) {
            return negative ? -scaled() : scaled();
        }
        return isFinite() ? NumberInput.parseDouble(toString(), true) : nonFinite;
    }

    /** The number as it appears in the source. */
    @Override
    public String toString() {
        return new String(bytes, start, end - start, StandardCharsets.ISO_8859_1);
    }

    private double scaled() {
        return exponent < 0 ? mantissa / POWERS_OF_TEN[-exponent] : mantissa * POWERS_OF_TEN[exponent];
    }

    private int leadingZeros(int first) {
        int zeros = 0;
        for (int i = first; i < end && (bytes[i] == '0' || bytes[i] == '.'); i++) {
            zeros += bytes[i] == '0' ? 1 : 0;
        }
        return zeros;
    }

    private static double[] powersOfTen(int highest) {
        double[] powers = new double[highest + 1];
        for (int i = 0; i <= highest; i++) {
            powers[i] = Double.parseDouble("1e" + i);
        }
        return powers;
    }
}
