package dev.penstock.features.vector;

import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.Arrays;

/** The feature values of one entity, in the order of its view's features. All are finite. Immutable. */
public final class FeatureVector {
    /** How far a version may be ahead of the clock. A larger one would win over all later versions until the clock caught up. */
    private static final Duration MOST_AHEAD = Duration.ofHours(1);

    private final float[] values;
    private final long version;
    private final long readMillis;

    /**
     * @param version orders the vectors of one entity; milliseconds since the epoch unless the source has versions of its own
     * @param readMillis when the source last confirmed the values, in milliseconds since the epoch
     */
    public FeatureVector(float[] values, long version, long readMillis) {
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException("feature " + i + " must be a finite number, was " + values[i]);
            }
        }
        if (version < 0 || readMillis < 0) {
            throw new IllegalArgumentException(
                    "version and time must be 0 or more, were " + version + " and " + readMillis);
        }
        this.values = values.clone();
        this.version = version;
        this.readMillis = readMillis;
    }

    public int size() {
        return values.length;
    }

    public float value(int index) {
        return values[index];
    }

    public long version() {
        return version;
    }

    public long readMillis() {
        return readMillis;
    }

    public float[] toArray() {
        return values.clone();
    }

    public void writeTo(FloatBuffer columns) {
        columns.put(values);
    }

    /**
     * Whether the version is more than an hour ahead of the clock: a wrong clock or an attack. Versions are milliseconds since the epoch, or
     * smaller numbers.
     */
    public boolean isFromTheFuture(long nowMillis) {
        return version > nowMillis + MOST_AHEAD.toMillis();
    }

    /** Returns the same values, confirmed at a later time. */
    public FeatureVector confirmed(long atMillis) {
        return atMillis <= readMillis ? this : new FeatureVector(values, version, atMillis);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FeatureVector vector
                && version == vector.version
                && readMillis == vector.readMillis
                && Arrays.equals(values, vector.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values) * 31 + Long.hashCode(version);
    }

    @Override
    public String toString() {
        return Arrays.toString(values) + " of version " + version + ", read at " + readMillis;
    }
}
