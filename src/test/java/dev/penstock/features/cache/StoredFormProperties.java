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

final class StoredFormProperties {
    @Property
    void whatIsWrittenIsRead(
            @ForAll @Size(max = 20) float[] values,
            @ForAll @LongRange(min = 0) long version,
            @ForAll @LongRange(min = 0) long millis)
            throws StoredForm.BrokenException {
        Held held = new Held.Known(new FeatureVector(values, version, millis));
        assertThat(StoredForm.read(StoredForm.write(held), values.length)).isEqualTo(held);
    }

    @Property
    void anAbsenceIsReadAsOne(@ForAll @LongRange(min = 0) long millis) throws StoredForm.BrokenException {
        Held held = new Held.Absent(millis, Optional.empty());
        assertThat(StoredForm.read(StoredForm.write(held), 7)).isEqualTo(held);
    }

    @Property
    void whateverElseIsRefusedAndNothingBreaks(@ForAll byte[] bytes) {
        try {
            Held read = StoredForm.read(bytes, 2);
            assertThat(StoredForm.write(read)).isEqualTo(bytes);
        } catch (StoredForm.BrokenException refused) {
            assertThat(refused).hasMessageContaining("must");
        }
    }

    @Property
    void aCutValueIsRefused(@ForAll @Size(min = 1, max = 20) float[] values, @ForAll byte lost) {
        byte[] whole = StoredForm.write(new Held.Known(new FeatureVector(values, 1, 1)));
        byte[] cut = Arrays.copyOf(whole, whole.length - 1 - Math.floorMod(lost, whole.length));
        assertThatThrownBy(() -> StoredForm.read(cut, values.length)).isInstanceOf(StoredForm.BrokenException.class);
    }

    @Property
    void aValueThatIsNoNumberIsRefused(@ForAll("notFinite") float poison) {
        byte[] bytes = StoredForm.write(new Held.Known(new FeatureVector(new float[] {1, 2}, 1, 1)));
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(17 + 4, poison);
        assertThatThrownBy(() -> StoredForm.read(bytes, 2)).hasMessageContaining("feature 1 must be a finite number");
    }

    @net.jqwik.api.Provide
    net.jqwik.api.Arbitrary<Float> notFinite() {
        return net.jqwik.api.Arbitraries.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
    }
}
