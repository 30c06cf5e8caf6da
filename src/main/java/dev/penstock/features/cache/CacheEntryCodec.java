package dev.penstock.features.cache;

import dev.penstock.features.vector.FeatureVector;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The binary format of a cache entry in Redis, little-endian: one byte for the kind (1 values, 2 absent), int64 version, int64
 * milliseconds since the epoch, then the features as float32. A Lua script also reads the first 17 bytes; see {@link RedisCache}.
 */
final class CacheEntryCodec {
    private static final byte KNOWN = 1;
    private static final byte ABSENT = 2;
    private static final int HEAD = 1 + 2 * Long.BYTES;

    private CacheEntryCodec() {}

    /** The bytes are not a valid entry of this view. */
    static final class InvalidEntryException extends Exception {
        InvalidEntryException(String reason) {
            super(reason, null, false, false);
        }
    }

    static byte[] encode(CacheEntry held) {
        return switch (held) {
            case CacheEntry.Present(FeatureVector known) -> {
                byte[] bytes = new byte[HEAD + known.size() * Float.BYTES];
                ByteBuffer buffer = head(bytes, KNOWN, known.version(), known.readMillis());
                known.writeTo(buffer.asFloatBuffer());
                yield bytes;
            }
            case CacheEntry.Absent(long checked, Optional<FeatureVector> last) -> {
                byte[] bytes = new byte[HEAD];
                head(bytes, ABSENT, checked, checked);
                yield bytes;
            }
            case CacheEntry.Failed failed ->
                throw new IllegalArgumentException("an entry to store must not be a failure, was " + failed);
        };
    }

    static CacheEntry decode(byte[] bytes, int features) throws InvalidEntryException {
        if (bytes.length < HEAD) {
            throw new InvalidEntryException("length must be at least " + HEAD + " bytes, was " + bytes.length);
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        byte form = buffer.get();
        long version = buffer.getLong();
        long millis = buffer.getLong();
        int expected = HEAD + (form == KNOWN ? features * Float.BYTES : 0);
        if (form != KNOWN && form != ABSENT) {
            throw new InvalidEntryException("kind must be 1 or 2, was " + form);
        }
        if (bytes.length != expected) {
            throw new InvalidEntryException("length must be " + expected + " bytes, was " + bytes.length);
        }
        if (version < 0 || millis < 0) {
            throw new InvalidEntryException("version and time must be 0 or more, were " + version + " and " + millis);
        }
        if (form == ABSENT && version != millis) {
            throw new InvalidEntryException(
                    "version of an absent entity must equal its time " + millis + ", was " + version);
        }
        if (form == ABSENT) {
            return new CacheEntry.Absent(millis, Optional.empty());
        }
        float[] values = new float[features];
        buffer.asFloatBuffer().get(values);
        try {
            return new CacheEntry.Present(new FeatureVector(values, version, millis));
        } catch (IllegalArgumentException notFinite) {
            throw new InvalidEntryException(FailureReason.of(notFinite));
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
