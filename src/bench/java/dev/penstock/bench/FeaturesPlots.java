package dev.penstock.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Charts of the results of {@link FeaturesBench}. */
final class FeaturesPlots {
    private static final String AXIS = "source of the model's input";

    private FeaturesPlots() {}

    static void write(Path folder, Map<FeatureVariant, FeaturesBench.Measured> calls) throws IOException {
        List<String> titles = titles(calls);
        Map<FeatureVariant, FeaturesBench.Measured> lookedUp = new EnumMap<>(calls);
        lookedUp.remove(FeatureVariant.RAW);
        Chart.bars("Lookups by the tier that answered", AXIS, "share", titles(lookedUp))
                .with("L1", shares(lookedUp.values(), TierCounts::l1))
                .with("Redis", shares(lookedUp.values(), TierCounts::redis))
                .with("source", shares(lookedUp.values(), TierCounts::source))
                .write(folder.resolve("features-tiers.svg"));
        Chart.bars("Synchronous calls: throughput", AXIS, "requests/s", titles)
                .with(
                        "median",
                        calls.values().stream()
                                .mapToDouble(FeaturesBench.Measured::throughput)
                                .toArray())
                .write(folder.resolve("features-throughput.svg"));
        Chart.bars("Synchronous calls: 99th percentile of latency", AXIS, "ms", titles)
                .with(
                        "median",
                        calls.values().stream()
                                .mapToDouble(FeaturesBench.Measured::p99Millis)
                                .toArray())
                .write(folder.resolve("features-p99.svg"));
    }

    private static List<String> titles(Map<FeatureVariant, FeaturesBench.Measured> calls) {
        return calls.keySet().stream().map(FeatureVariant::title).toList();
    }

    private static double[] shares(Collection<FeaturesBench.Measured> calls, ToDoubleFunction<TierCounts> tier) {
        return calls.stream()
                .mapToDouble(each -> each.tiers().share(tier.applyAsDouble(each.tiers())))
                .toArray();
    }
}
