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

/** Records of a view's topic. */
final class FeatureUpdateTest {
    private static final FeatureView VIEW =
            new FeatureView("customers", 1, List.of("age", "income"), List.of(1f, 2f), false);
    private static final EntityKey ANNA = new EntityKey.Name("anna");
    private static final long PUBLISHED = 1000;

    @Test
    void readsValuesByNameWithTheirVersionAndTime() throws Exception {
        assertThat(read("{\"timestamp\":900,\"version\":7,\"values\":{\"income\":5.5,\"age\":41,\"more\":1}}"))
                .isEqualTo(new Held.Known(new FeatureVector(new float[] {41, 5.5f}, 7, 900)));
    }

    @Test
    void versionAndTimeAreThoseOfTheRecordWhereNoneAreGiven() throws Exception {
        assertThat(read("{\"values\":{\"age\":true,\"income\":null}}"))
                .isEqualTo(new Held.Known(new FeatureVector(new float[] {1, 2}, PUBLISHED, PUBLISHED)));
        assertThat(read("{\"timestamp\":900,\"values\":{\"age\":1,\"income\":2}}"))
                .isEqualTo(new Held.Known(new FeatureVector(new float[] {1, 2}, 900, 900)));
    }

    @Test
    void nothingIsTrueLaterThanItWasPublished() throws Exception {
        assertThat(read("{\"timestamp\":9000,\"values\":{\"age\":1,\"income\":2}}"))
                .isEqualTo(new Held.Known(new FeatureVector(new float[] {1, 2}, 9000, PUBLISHED)));
    }

    /** It would win over all others until the clock gets there. */
    @Test
    void aVersionFarAheadOfTheClockIsRefused() throws Exception {
        long hour = 3_600_000;
        String update = "{\"version\":%d,\"values\":{\"age\":1,\"income\":2}}";
        assertThat(read(update.formatted(PUBLISHED + hour))).isInstanceOf(Held.Known.class);
        assertThatExceptionOfType(FeatureUpdate.BrokenException.class)
                .isThrownBy(() -> read(update.formatted(PUBLISHED + hour + 1)))
                .withMessageContaining("its version must be an hour ahead");
        Held stored = new Held.Known(new FeatureVector(new float[] {1, 2}, Long.MAX_VALUE, 900));
        assertThatExceptionOfType(FeatureUpdate.BrokenException.class)
                .isThrownBy(() -> FeatureUpdate.read(VIEW, ANNA, Optional.of(StoredForm.write(stored)), PUBLISHED));
    }

    @Test
    void readsTheFormOfRedis() throws Exception {
        Held known = new Held.Known(new FeatureVector(new float[] {1, 2}, 7, 900));
        assertThat(FeatureUpdate.read(VIEW, ANNA, Optional.of(StoredForm.write(known)), PUBLISHED)
                        .news())
                .isEqualTo(known);
    }

    @Test
    void noValueMeansThatTheEntityIsGone() throws Exception {
        assertThat(FeatureUpdate.read(VIEW, ANNA, Optional.empty(), PUBLISHED).news())
                .isEqualTo(new Held.Absent(PUBLISHED, Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``                                                        | must have an object 'values'
            no update                                                 | must be JSON
            []                                                        | must have an object 'values'
            {"values":[1,2]}                                          | must have an object 'values'
            {"values":{"age":1}}                                      | feature 'income' must be a number, was not given
            {"values":{"age":1,"income":"2"}}                         | feature 'income' must be a number, was STRING
            {"values":{"age":1e999,"income":2}}                       | feature 'age' must be a finite float32
            {"values":{"age":1,"age":2,"income":2}}                   | must be JSON: Duplicate field 'age'
            {"values":{"age":1,"income":2}} {}                        | must be JSON
            {"version":-1,"values":{"age":1,"income":2}}              | 'version' must be an integer of 0 or more
            {"version":1.5,"values":{"age":1,"income":2}}             | 'version' must be an integer of 0 or more
            {"timestamp":99999999999999999999,"values":{}}            | 'timestamp' must be an integer of 0 or more
            """)
    void saysWhatIsWrong(String value, String reason) {
        assertThatExceptionOfType(FeatureUpdate.BrokenException.class)
                .isThrownBy(() -> read(value))
                .withMessageContaining(reason);
    }

    private static Held read(String value) throws FeatureUpdate.BrokenException {
        return FeatureUpdate.read(VIEW, ANNA, Optional.of(value.getBytes(UTF_8)), PUBLISHED)
                .news();
    }
}
