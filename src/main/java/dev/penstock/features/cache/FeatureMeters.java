package dev.penstock.features.cache;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The meters of one view. */
public final class FeatureMeters {
    final Tier l1;
    public final Tier redis;
    final Tier source;
    final Inputs inputs;

    public FeatureMeters(MeterRegistry registry, String view) {
        l1 = new Tier(registry, view, "l1");
        redis = new Tier(registry, view, "redis");
        source = new Tier(registry, view, "source");
        inputs = new Inputs(registry, view);
    }

    /** The entities that requests asked for, by how they were answered. From these comes the hit ratio, since refreshes are not in them. */
    static final class Inputs {
        private final Counter hits;
        private final Counter misses;
        private final Counter stale;
        private final Counter errors;

        private Inputs(MeterRegistry registry, String view) {
            hits = counter(registry, view, "hit");
            misses = counter(registry, view, "miss");
            stale = counter(registry, view, "stale");
            errors = counter(registry, view, "error");
        }

        /** Answered without a call to the source on its behalf. */
        void cached(Lookup answer) {
            count(answer, hits);
        }

        /** Answered after a call to the source. */
        void loaded(Lookup answer) {
            count(answer, misses);
        }

        private void count(Lookup answer, Counter good) {
            switch (answer) {
                case Lookup.Fresh fresh -> good.increment();
                case Lookup.Missing missing -> good.increment();
                case Lookup.Stale old -> stale.increment();
                case Lookup.Unavailable unavailable -> errors.increment();
            }
        }

        private static Counter counter(MeterRegistry registry, String view, String result) {
            return Counter.builder("feature.inputs")
                    .description("Entities that requests asked for, by how they were answered")
                    .tag("view", view)
                    .tag("result", result)
                    .register(registry);
        }
    }

    /** The meters of one tier: entities by result, and the duration of each bulk call. */
    static final class Tier {
        final Counter hits;
        final Counter stale;
        final Counter misses;
        final Counter errors;
        private final Timer calls;

        private Tier(MeterRegistry registry, String view, String tier) {
            hits = counter(registry, view, tier, "hit");
            stale = counter(registry, view, tier, "stale");
            misses = counter(registry, view, tier, "miss");
            errors = counter(registry, view, tier, "error");
            calls = Timer.builder("feature.lookup")
                    .description("Duration of one bulk call of a tier, for any number of entities")
                    .tag("view", view)
                    .tag("tier", tier)
                    .serviceLevelObjectives(
                            Duration.ofNanos(100_000),
                            Duration.ofMillis(1),
                            Duration.ofMillis(5),
                            Duration.ofMillis(20),
                            Duration.ofMillis(100),
                            Duration.ofMillis(200),
                            Duration.ofMillis(1000))
                    .register(registry);
        }

        void took(long sinceNanos) {
            calls.record(System.nanoTime() - sinceNanos, TimeUnit.NANOSECONDS);
        }

        private static Counter counter(MeterRegistry registry, String view, String tier, String result) {
            return Counter.builder("feature.lookups")
                    .description("Entities looked up")
                    .tag("view", view)
                    .tag("tier", tier)
                    .tag("result", result)
                    .register(registry);
        }
    }
}
