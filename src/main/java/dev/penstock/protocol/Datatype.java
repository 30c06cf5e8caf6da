package dev.penstock.protocol;

import java.util.Optional;

/** The datatypes of the Open Inference Protocol v2. */
public enum Datatype {
    BOOL(1),
    INT8(1),
    INT16(2),
    INT32(4),
    INT64(8),
    UINT8(1),
    UINT16(2),
    UINT32(4),
    UINT64(8),
    FP16(2),
    /** The upper half of an FP32 number: its range, with 8 significant bits. */
    BF16(2),
    FP32(4),
    FP64(8),
    /** Byte strings of any length. Each element is a little-endian uint32 length followed by that many bytes. */
    BYTES(0);

    private final int byteSize;

    Datatype(int byteSize) {
        this.byteSize = byteSize;
    }

    /** The size of one element in bytes; 0 for {@link #BYTES}, whose elements vary in length. */
    public int byteSize() {
        return byteSize;
    }

    public boolean isFixedSize() {
        return this != BYTES;
    }

    /** Whether its values are numbers, and so have an order. */
    public boolean isNumeric() {
        return this != BOOL && this != BYTES;
    }

    /** Whether its values can be NaN or infinite. */
    public boolean isFloat() {
        return switch (this) {
            case FP16, BF16, FP32, FP64 -> true;
            case BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, BYTES -> false;
        };
    }

    /** The datatype with exactly this name, or empty. */
    public static Optional<Datatype> named(String name) {
        for (Datatype datatype : values()) {
            if (datatype.name().equals(name)) {
                return Optional.of(datatype);
            }
        }
        return Optional.empty();
    }
}
