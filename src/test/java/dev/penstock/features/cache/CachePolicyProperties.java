package dev.penstock.features.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVector;
import java.time.Duration;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

final class CachePolicyProperties {
    private static final CachePolicy POLICY = new CachePolicy(
            Duration.ofMinutes(1),
            Duration.ofMinutes(5),
            Duration.ofHours(1),
            Duration.ofSeconds(10),
            Duration.ofSeconds(1),
            0.1);
    private static final long READ = 1_800_000_000_000L;

    @Property
    void aValueIsFreshThenStaleThenGoneWhateverItsJitter(
            @ForAll long id, @ForAll @LongRange(min = 0, max = 7_200_000) long ageMillis) {
        EntityKey entity = new EntityKey.Id(id);
        CacheEntry held = new CacheEntry.Present(new FeatureVector(new float[] {1}, READ, READ));
        Optional<Lookup> answer =
                POLICY.answer(entity, held, true, READ + ageMillis).lookup();
        if (ageMillis < 270_000) {
            assertThat(answer).get().isInstanceOf(Lookup.Fresh.class);
        } else if (ageMillis >= 300_000 && ageMillis < 3_240_000) {
            assertThat(answer).get().isInstanceOf(Lookup.Stale.class);
        } else if (ageMillis >= 3_600_000) {
            assertThat(answer).isEmpty();
        }
    }

    @Property
    void noAnswerGetsBetterWithAge(
            @ForAll long id,
            @ForAll @LongRange(min = 0, max = 4_000_000) long younger,
            @ForAll @LongRange(min = 0, max = 4_000_000) long older) {
        EntityKey entity = new EntityKey.Id(id);
        CacheEntry held = new CacheEntry.Present(new FeatureVector(new float[] {1}, READ, READ));
        long first = Math.min(younger, older);
        long second = Math.max(younger, older);
        assertThat(rank(POLICY.answer(entity, held, true, READ + second)))
                .isGreaterThanOrEqualTo(rank(POLICY.answer(entity, held, true, READ + first)));
    }

    @Property
    void aTimeFarAheadOfTheClockIsNotTrusted(@ForAll @LongRange(min = 3_600_000, max = 1_000_000_000) long ahead) {
        EntityKey entity = new EntityKey.Id(1);
        CacheEntry held = new CacheEntry.Present(new FeatureVector(new float[] {1}, READ, READ + ahead));
        assertThat(POLICY.answer(entity, held, true, READ).lookup()).isEmpty();
        assertThat(POLICY.ttlMillis(entity, held, READ)).isZero();
    }

    @Property
    void aClockThatIsSlightlyAheadIsHarmless(@ForAll @LongRange(min = 0, max = 1000) long ahead) {
        CacheEntry held = new CacheEntry.Present(new FeatureVector(new float[] {1}, READ, READ + ahead));
        assertThat(POLICY.answer(new EntityKey.Id(1), held, true, READ).lookup())
                .containsInstanceOf(Lookup.Fresh.class);
    }

    private static int rank(CachePolicy.Answer answer) {
        if (answer.lookup().isEmpty()) {
            return 3;
        }
        return answer.lookup().get() instanceof Lookup.Stale ? 2 : answer.refresh() ? 1 : 0;
    }
}
