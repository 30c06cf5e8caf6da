package dev.penstock.protocol;

/** How JSON expresses NaN and the infinities, for which it has no numbers. A reader takes the forms of both {@link #TEXT} and {@link #NULL}. */
public enum NonFinite {
    /** {@code "NaN"}, {@code "Infinity"} and {@code "-Infinity"}. Read again, they are the same values. */
    TEXT,
    /** NaN is {@code null}. The infinities are as in {@link #TEXT}. */
    NULL,
    /** Not at all: such values need the binary form. */
    REFUSED
}
