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
    FP32(4),
    FP64(8),
    /** Strings of bytes of any length: each element is a little-endian uint32 length followed by that many bytes. */
    BYTES(0);

    private final int byteSize;

    Datatype(int byteSize) {
        this.byteSize = byteSize;
    }

    /** Bytes of one element; 0 for {@link #BYTES}, whose elements differ in length. */
    public int byteSize() {
        return byteSize;
    }

    public boolean isFixedSize() {
        return this != BYTES;
    }

    /** The datatype of that exact name, if there is one. */
    public static Optional<Datatype> named(String name) {
        for (Datatype datatype : values()) {
            if (datatype.name().equals(name)) {
                return Optional.of(datatype);
            }
        }
        return Optional.empty();
    }
}
