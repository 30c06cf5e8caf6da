package dev.penstock.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What {@link FeaturesBench} found, to look at. */
final class FeaturesPlots {
    private static final String AXIS = "where the model's input comes from";

    private FeaturesPlots() {}

    static void write(Path folder, Map<FeatureVariant, FeaturesBench.Measured> calls) throws IOException {
        List<FeaturesBench.Measured> lookedUp = calls.entrySet().stream()
                .filter(each -> each.getKey() != FeatureVariant.RAW)
                .map(Map.Entry::getValue)
                .toList();
        List<String> titles = calls.keySet().stream().map(FeatureVariant::title).toList();
        Chart.bars("Lookups by the tier that answered", AXIS, "share", titles.subList(1, titles.size()))
                .with("L1", shares(lookedUp, TierCounts::l1))
                .with("Redis", shares(lookedUp, TierCounts::redis))
                .with("source", shares(lookedUp, TierCounts::source))
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
                .withLogarithmicAxis()
                .write(folder.resolve("features-p99.svg"));
    }

    private static double[] shares(List<FeaturesBench.Measured> calls, ToDoubleFunction<TierCounts> tier) {
        return calls.stream()
                .mapToDouble(each -> each.tiers().share(tier.applyAsDouble(each.tiers())))
                .toArray();
    }
}
