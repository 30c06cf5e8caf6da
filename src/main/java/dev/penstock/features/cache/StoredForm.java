package dev.penstock.features.cache;

import dev.penstock.features.vector.FeatureVector;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The value of an entity in Redis, little-endian: one byte for the form (1 known, 2 absent), int64 version, int64 milliseconds since the
 * epoch, then the features as float32. Redis reads the first 17 bytes too, see {@link RedisCache}.
 */
final class StoredForm {
    private static final byte KNOWN = 1;
    private static final byte ABSENT = 2;
    private static final int HEAD = 1 + 2 * Long.BYTES;

    private StoredForm() {}

    /** Bytes that are no value of this view. */
    static final class BrokenException extends Exception {
        BrokenException(String reason) {
            super(reason, null, false, false);
        }
    }

    static byte[] write(Held held) {
        return switch (held) {
            case Held.Known(FeatureVector known) -> {
                byte[] bytes = new byte[HEAD + known.size() * Float.BYTES];
                ByteBuffer buffer = head(bytes, KNOWN, known.version(), known.readMillis());
                known.writeTo(buffer.asFloatBuffer());
                yield bytes;
            }
            case Held.Absent(long checked, Optional<FeatureVector> last) -> {
                byte[] bytes = new byte[HEAD];
                head(bytes, ABSENT, checked, checked);
                yield bytes;
            }
            case Held.Failed failed -> throw new IllegalArgumentException("a failure is nothing to share: " + failed);
        };
    }

    static Held read(byte[] bytes, int features) throws BrokenException {
        if (bytes.length < HEAD) {
            throw new BrokenException("must have " + HEAD + " bytes or more, had " + bytes.length);
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        byte form = buffer.get();
        long version = buffer.getLong();
        long millis = buffer.getLong();
        int expected = HEAD + (form == KNOWN ? features * Float.BYTES : 0);
        if (form != KNOWN && form != ABSENT) {
            throw new BrokenException("must be of form 1 or 2, was " + form);
        }
        if (bytes.length != expected) {
            throw new BrokenException("must have " + expected + " bytes, had " + bytes.length);
        }
        if (version < 0 || millis < 0) {
            throw new BrokenException("must have a version and a time of 0 or more");
        }
        if (form == ABSENT && version != millis) {
            throw new BrokenException("must have its time as its version, being an absence");
        }
        if (form == ABSENT) {
            return new Held.Absent(millis, Optional.empty());
        }
        float[] values = new float[features];
        buffer.asFloatBuffer().get(values);
        try {
            return new Held.Known(new FeatureVector(values, version, millis));
        } catch (IllegalArgumentException notFinite) {
            throw new BrokenException(Reasons.of(notFinite));
        }
    }

    private static ByteBuffer head(byte[] bytes, byte form, long version, long millis) {
        return ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(form)
                .putLong(version)
                .putLong(millis);
    }
}
