package dev.penstock.features.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.features.vector.FeatureVector;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

final class CacheEntryCodecProperties {
    @Property
    void whatIsWrittenIsRead(
            @ForAll @Size(max = 20) float[] values,
            @ForAll @LongRange(min = 0) long version,
            @ForAll @LongRange(min = 0) long millis)
            throws CacheEntryCodec.InvalidEntryException {
        CacheEntry held = new CacheEntry.Present(new FeatureVector(values, version, millis));
        assertThat(CacheEntryCodec.decode(CacheEntryCodec.encode(held), values.length))
                .isEqualTo(held);
    }

    @Property
    void readsAnAbsentEntity(@ForAll @LongRange(min = 0) long millis) throws CacheEntryCodec.InvalidEntryException {
        CacheEntry held = new CacheEntry.Absent(millis, Optional.empty());
        assertThat(CacheEntryCodec.decode(CacheEntryCodec.encode(held), 7)).isEqualTo(held);
    }

    @Property
    void rejectsArbitraryBytesWithoutAnyOtherException(@ForAll byte[] bytes) {
        try {
            CacheEntry read = CacheEntryCodec.decode(bytes, 2);
            assertThat(CacheEntryCodec.encode(read)).isEqualTo(bytes);
        } catch (CacheEntryCodec.InvalidEntryException refused) {
            assertThat(refused).hasMessageContaining("must");
        }
    }

    @Property
    void rejectsATruncatedEntry(@ForAll @Size(min = 1, max = 20) float[] values, @ForAll byte lost) {
        byte[] whole = CacheEntryCodec.encode(new CacheEntry.Present(new FeatureVector(values, 1, 1)));
        byte[] cut = Arrays.copyOf(whole, whole.length - 1 - Math.floorMod(lost, whole.length));
        assertThatThrownBy(() -> CacheEntryCodec.decode(cut, values.length))
                .isInstanceOf(CacheEntryCodec.InvalidEntryException.class);
    }

    @Property
    void rejectsANonFiniteValue(@ForAll("notFinite") float poison) {
        byte[] bytes = CacheEntryCodec.encode(new CacheEntry.Present(new FeatureVector(new float[] {1, 2}, 1, 1)));
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(17 + 4, poison);
        assertThatThrownBy(() -> CacheEntryCodec.decode(bytes, 2))
                .hasMessageContaining("feature 1 must be a finite number");
    }

    @net.jqwik.api.Provide
    net.jqwik.api.Arbitrary<Float> notFinite() {
        return net.jqwik.api.Arbitraries.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
    }
}
