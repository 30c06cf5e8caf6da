package dev.penstock.features.cache;

import dev.penstock.features.vector.FeatureVector;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The binary format of a cache entry in Redis, little-endian: one byte for the kind (1 values, 2 absent), int64 version, int64
 * milliseconds since the epoch, then the features as float32. A Lua script also reads the first 17 bytes; see {@link RedisCache}.
 */
final class StoredForm {
    private static final byte KNOWN = 1;
    private static final byte ABSENT = 2;
    private static final int HEAD = 1 + 2 * Long.BYTES;

    private StoredForm() {}

    /** The bytes are not a valid entry of this view. */
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
            case Held.Failed failed ->
                throw new IllegalArgumentException("an entry to store must not be a failure, was " + failed);
        };
    }

    static Held read(byte[] bytes, int features) throws BrokenException {
        if (bytes.length < HEAD) {
            throw new BrokenException("length must be at least " + HEAD + " bytes, was " + bytes.length);
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        byte form = buffer.get();
        long version = buffer.getLong();
        long millis = buffer.getLong();
        int expected = HEAD + (form == KNOWN ? features * Float.BYTES : 0);
        if (form != KNOWN && form != ABSENT) {
            throw new BrokenException("kind must be 1 or 2, was " + form);
        }
        if (bytes.length != expected) {
            throw new BrokenException("length must be " + expected + " bytes, was " + bytes.length);
        }
        if (version < 0 || millis < 0) {
            throw new BrokenException("version and time must be 0 or more, were " + version + " and " + millis);
        }
        if (form == ABSENT && version != millis) {
            throw new BrokenException("version of an absent entity must equal its time " + millis + ", was " + version);
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
