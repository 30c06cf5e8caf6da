package dev.penstock.features.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVector;
import dev.penstock.features.vector.FeatureView;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads records of a view's update topic. */
final class FeatureUpdateTest {
    private static final FeatureView VIEW =
            new FeatureView("customers", 1, List.of("age", "income"), List.of(1f, 2f), false);
    private static final EntityKey ANNA = new EntityKey.Name("anna");
    private static final long PUBLISHED = 1000;

    @Test
    void readsValuesByNameWithTheirVersionAndTime() throws Exception {
        assertThat(read("{\"timestamp\":900,\"version\":7,\"values\":{\"income\":5.5,\"age\":41,\"more\":1}}"))
                .isEqualTo(new CacheEntry.Present(new FeatureVector(new float[] {41, 5.5f}, 7, 900)));
    }

    @Test
    void versionAndTimeDefaultToTheRecordsTimestamp() throws Exception {
        assertThat(read("{\"values\":{\"age\":true,\"income\":null}}"))
                .isEqualTo(new CacheEntry.Present(new FeatureVector(new float[] {1, 2}, PUBLISHED, PUBLISHED)));
        assertThat(read("{\"timestamp\":900,\"values\":{\"age\":1,\"income\":2}}"))
                .isEqualTo(new CacheEntry.Present(new FeatureVector(new float[] {1, 2}, 900, 900)));
    }

    @Test
    void aTimestampIsNeverLaterThanThePublication() throws Exception {
        assertThat(read("{\"timestamp\":9000,\"values\":{\"age\":1,\"income\":2}}"))
                .isEqualTo(new CacheEntry.Present(new FeatureVector(new float[] {1, 2}, 9000, PUBLISHED)));
    }

    /** It would win over all later versions until the clock caught up. */
    @Test
    void rejectsAVersionFarAheadOfTheClock() throws Exception {
        long hour = 3_600_000;
        String update = "{\"version\":%d,\"values\":{\"age\":1,\"income\":2}}";
        assertThat(read(update.formatted(PUBLISHED + hour))).isInstanceOf(CacheEntry.Present.class);
        assertThatExceptionOfType(FeatureUpdate.InvalidUpdateException.class)
                .isThrownBy(() -> read(update.formatted(PUBLISHED + hour + 1)))
                .withMessageContaining("version must be at most one hour after the record's timestamp");
        CacheEntry stored = new CacheEntry.Present(new FeatureVector(new float[] {1, 2}, Long.MAX_VALUE, 900));
        assertThatExceptionOfType(FeatureUpdate.InvalidUpdateException.class)
                .isThrownBy(
                        () -> FeatureUpdate.read(VIEW, ANNA, Optional.of(CacheEntryCodec.encode(stored)), PUBLISHED));
    }

    @Test
    void readsTheBinaryFormat() throws Exception {
        CacheEntry known = new CacheEntry.Present(new FeatureVector(new float[] {1, 2}, 7, 900));
        assertThat(FeatureUpdate.read(VIEW, ANNA, Optional.of(CacheEntryCodec.encode(known)), PUBLISHED)
                        .entry())
                .isEqualTo(known);
    }

    @Test
    void aRecordWithoutAValueDeletesTheEntity() throws Exception {
        assertThat(FeatureUpdate.read(VIEW, ANNA, Optional.empty(), PUBLISHED).entry())
                .isEqualTo(new CacheEntry.Absent(PUBLISHED, Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``                                                        | 'values' must be a JSON object
            no update                                                 | must be JSON
            []                                                        | 'values' must be a JSON object
            {"values":[1,2]}                                          | 'values' must be a JSON object
            {"values":{"age":1}}                                      | feature 'income' must be a number, was not given
            {"values":{"age":1,"income":"2"}}                         | feature 'income' must be a number, was STRING
            {"values":{"age":1e999,"income":2}}                       | feature 'age' must be a finite float32
            {"values":{"age":1,"age":2,"income":2}}                   | must be JSON: Duplicate field 'age'
            {"values":{"age":1,"income":2}} {}                        | must be JSON
            {"version":-1,"values":{"age":1,"income":2}}              | 'version' must be an integer of 0 or more
            {"version":1.5,"values":{"age":1,"income":2}}             | 'version' must be an integer of 0 or more
            {"timestamp":99999999999999999999,"values":{}}            | 'timestamp' must be an integer of 0 or more
            """)
    void namesTheBrokenRule(String value, String reason) {
        assertThatExceptionOfType(FeatureUpdate.InvalidUpdateException.class)
                .isThrownBy(() -> read(value))
                .withMessageContaining(reason);
    }

    private static CacheEntry read(String value) throws FeatureUpdate.InvalidUpdateException {
        return FeatureUpdate.read(VIEW, ANNA, Optional.of(value.getBytes(UTF_8)), PUBLISHED)
                .entry();
    }
}
